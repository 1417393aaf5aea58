//! Statements are texts with a name, prepared once when the store is opened.

/// Makes a struct of prepared statements: a name, what it does ([`Kind`](crate::client::Kind)), and its text with
/// positional values.
macro_rules! statements {
    ($(#[$doc:meta])* $group:ident { $($(#[$about:meta])* $name:ident: $kind:ident = $text:expr;)* }) => {
        $(#[$doc])*
        pub(crate) struct $group {
            $($(#[$about])* pub(crate) $name: scylla::statement::prepared::PreparedStatement,)*
        }

        impl $group {
            /// Prepares them all, together.
            pub(crate) async fn prepare(
                client: &crate::client::Client,
            ) -> Result<Self, crate::error::OpenError> {
                use crate::client::Kind;
                let ($($name,)*) = tokio::try_join!($(client.prepare($text, Kind::$kind),)*)?;
                Ok(Self { $($name,)* })
            }
        }
    };
}

pub(crate) use statements;
