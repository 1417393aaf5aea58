//! Bytes to text to whatever that becomes: the first half of the way of every text file, fed in any pieces.

use super::encoding::Decoder;
use super::limits::HEAD_BYTES;
use super::report::{Fault, FileFault};

/// What a text becomes.
pub(crate) trait Digest {
    /// The head of the text, before any of it is to be digested; whether it is all.
    fn begin(&mut self, head: &str, is_whole: bool);

    /// Digests the next piece, the head included.
    ///
    /// # Errors
    /// A fault of the file as a whole.
    fn text(&mut self, text: &str) -> Result<(), FileFault>;

    /// The text has ended.
    ///
    /// # Errors
    /// A fault of the file as a whole.
    fn end(&mut self) -> Result<(), FileFault>;

    /// The line that is being read, from 1.
    fn line(&self) -> u64;
}

/// Reads one file. How it is cut into pieces makes no difference.
pub(crate) struct Reading<D> {
    bytes: u64,
    bytes_max: u64,
    /// The bytes by which the encoding is recognised, until there are enough.
    head: Vec<u8>,
    decoder: Option<Decoder>,
    /// Text of the piece that is being read.
    text: String,
    failed: Option<FileFault>,
    digest: D,
}

impl<D: Digest> Reading<D> {
    /// Begins a file of at most so many bytes.
    pub(crate) fn new(bytes_max: u64, digest: D) -> Reading<D> {
        let (head, text) = (Vec::new(), String::new());
        Reading { bytes: 0, bytes_max, head, decoder: None, text, failed: None, digest }
    }

    /// What the text becomes.
    pub(crate) const fn digest(&mut self) -> &mut D {
        &mut self.digest
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// A fault of the file as a whole; nothing can be read after it.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        if let Some(fault) = self.failed {
            return Err(fault);
        }
        let left = usize::try_from(self.bytes_max - self.bytes).unwrap_or(usize::MAX);
        let within = bytes.get(..left).unwrap_or(bytes);
        self.bytes += within.len() as u64;
        let read = self.read(within).and_then(|()| {
            if within.len() < bytes.len() { Err(self.fault(self.too_long())) } else { Ok(()) }
        });
        read.inspect_err(|fault| self.failed = Some(*fault))
    }

    /// Reads the end of the file.
    ///
    /// # Errors
    /// A fault of the file as a whole.
    pub(crate) fn finish(mut self) -> Result<D, FileFault> {
        self.end()?;
        Ok(self.digest)
    }

    /// What comes of a head alone, which may end anywhere: a fault at its end is none of the file.
    pub(crate) fn of_head(mut self, head: &[u8]) -> D {
        let _ = self.feed(head).and_then(|()| self.end());
        self.digest
    }

    fn end(&mut self) -> Result<(), FileFault> {
        if let Some(fault) = self.failed {
            return Err(fault);
        }
        if self.decoder.is_none() {
            self.begin(true)?;
        }
        self.text.clear();
        let decoded = self.decoder.as_mut().map_or(Ok(()), |decoder| decoder.finish(&mut self.text));
        self.take(decoded)?;
        self.digest.end()
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        if self.decoder.is_some() {
            return self.decode(bytes);
        }
        let (mine, rest) = bytes.split_at(bytes.len().min(HEAD_BYTES - self.head.len()));
        self.head.extend_from_slice(mine);
        if self.head.len() < HEAD_BYTES {
            return Ok(());
        }
        self.begin(false)?;
        self.decode(rest)
    }

    fn begin(&mut self, is_whole: bool) -> Result<(), FileFault> {
        let head = std::mem::take(&mut self.head);
        let (mut decoder, mark) =
            Decoder::of_head(&head, is_whole).map_err(|fault| FileFault { line: 1, fault })?;
        self.text.clear();
        let decoded = decoder.decode(head.get(mark..).unwrap_or(&[]), &mut self.text);
        self.decoder = Some(decoder);
        self.digest.begin(&self.text, is_whole);
        self.take(decoded)
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        self.text.clear();
        let decoded = self.decoder.as_mut().map_or(Ok(()), |decoder| decoder.decode(bytes, &mut self.text));
        self.take(decoded)
    }

    /// Digests the decoded text up to where it could not be decoded.
    fn take(&mut self, decoded: Result<(), Fault>) -> Result<(), FileFault> {
        self.digest.text(&self.text)?;
        decoded.map_err(|fault| self.fault(fault))
    }

    fn fault(&self, fault: Fault) -> FileFault {
        FileFault { line: self.digest.line(), fault }
    }

    const fn too_long(&self) -> Fault {
        Fault::LongerThan { bytes_max: self.bytes_max }
    }
}
