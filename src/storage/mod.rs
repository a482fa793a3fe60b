//! Places that hold requests and results.

pub(crate) mod ahead;
#[cfg(feature = "bigquery")]
pub(crate) mod bigquery;
pub(crate) mod checksum;
pub(crate) mod resume;
mod version;
#[cfg(not(feature = "gcs"))]
pub(crate) use none::NewObject;
#[cfg(feature = "gcs")]
pub(crate) use upload::NewObject;
#[cfg(feature = "gcs")]
pub(crate) mod gcs;
#[cfg(feature = "gcs")]
pub(crate) mod gzip;
#[cfg(feature = "gcs")]
pub(crate) mod list;
#[cfg(feature = "gcs")]
mod substitute;
#[cfg(feature = "gcs")]
mod transport;
#[cfg(feature = "gcs")]
mod upload;

/// In a build without Cloud Storage, no object is ever made.
#[cfg(not(feature = "gcs"))]
mod none {
    use crate::error::Result;

    pub(crate) enum NewObject {}

    #[expect(clippy::unused_async)]
    impl NewObject {
        pub(crate) async fn write(&mut self, _: &[u8]) -> Result<()> {
            match *self {}
        }

        pub(crate) async fn abandon(self) {
            match self {}
        }

        pub(crate) async fn finish(self) -> Result<()> {
            match self {}
        }
    }
}
