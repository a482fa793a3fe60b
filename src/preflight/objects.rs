//! The objects in Cloud Storage that a source names: one by one, by a pattern, or all of a folder.

use crate::backend::{AnyBackend, objects};
use crate::error::Result;
use crate::uri::GcsUri;

/// The objects of some URIs; `None` if one of them is out of the client's reach.
pub(super) async fn find(service: &AnyBackend, uris: &[String]) -> Result<Option<Vec<GcsUri>>> {
    let mut found = Vec::new();
    for uri in uris {
        let uri = GcsUri::parse_source(uri)?;
        match objects::is_single(&uri) {
            true => found.push(uri),
            false => {
                let listed = objects::find(service, &uri).await?;
                found.extend(listed.into_iter().map(|object| object.uri));
            }
        }
    }
    let is_within_reach = found.iter().all(GcsUri::is_within_reach);
    Ok(is_within_reach.then_some(found))
}
