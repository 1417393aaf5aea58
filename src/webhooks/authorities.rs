//! Authorities of one's own: whose certificates are believed besides those that the field's programs believe.

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// Certificates of authorities.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Authorities(Vec<CertificateDer<'static>>);

impl Authorities {
    /// Reads what is between the lines of a PEM file; what is no certificate in it is passed over.
    ///
    /// # Errors
    /// Why it is none, for people: it holds no certificate, or one that cannot be an authority's.
    pub fn of_pem(text: &str) -> Result<Authorities, String> {
        let read: Result<Vec<CertificateDer<'static>>, _> =
            CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let certificates = read.map_err(|error| format!("is no PEM file: {error}"))?;
        if certificates.is_empty() {
            return Err("holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)".to_owned());
        }
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            let added = roots.add(certificate.clone());
            added.map_err(|error| format!("holds a certificate that no authority can have: {error}"))?;
        }
        Ok(Authorities(certificates))
    }

    /// All that are believed: these, and Mozilla's list.
    pub(super) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        // Each was added before, when it was read.
        roots.add_parsable_certificates(self.0.iter().cloned());
        roots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_names_no_authority_is_refused_with_a_sentence() {
        let none = Authorities::of_pem("somebody's notes").unwrap_err();
        assert!(none.starts_with("holds no certificate"), "{none}");
        let broken = Authorities::of_pem("-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n");
        assert!(broken.unwrap_err().starts_with("is no PEM file"));
        let other = Authorities::of_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assert!(other.unwrap_err().starts_with("holds a certificate that"));
        assert_eq!(Authorities::default().roots().len(), webpki_roots::TLS_SERVER_ROOTS.len());
    }
}
