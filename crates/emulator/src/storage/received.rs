//! The body of a call, whole or not.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use super::error::{StorageError, StorageResult};

/// A body as far as it came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(super) bytes: Bytes,
    pub(super) broke_off: Option<String>,
}

impl Received {
    pub(super) async fn of(mut body: Body) -> Self {
        let (mut bytes, mut broke_off) = (BytesMut::new(), None);
        while let Some(frame) = body.frame().await {
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(data)) => bytes.extend_from_slice(&data),
                Ok(Err(_)) => {}
                Err(error) => {
                    broke_off = Some(error.to_string());
                    break;
                }
            }
        }
        Self {
            bytes: bytes.freeze(),
            broke_off,
        }
    }

    pub(super) fn whole(self) -> StorageResult<Bytes> {
        match self.broke_off {
            None => Ok(self.bytes),
            Some(error) => Err(StorageError::invalid(format!(
                "The body broke off: {error}"
            ))),
        }
    }
}
