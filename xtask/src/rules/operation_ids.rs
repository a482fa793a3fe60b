//! Turns method ids into operation ids, which the generated methods are called
//! by: `generativelanguage.tunedModels.batchGenerateContent` reads
//! `tuned_models_batch_generate_content`.

use heck::ToSnakeCase;

use crate::discovery::Api;

/// The method id without the name of its API.
pub(crate) fn local<'a>(api: &Api, id: &'a str) -> &'a str {
    id.strip_prefix(api.name)
        .map_or(id, |rest| rest.trim_start_matches('.'))
}

/// The operation id of a method. Where the API has a scope, an operation outside
/// of it belongs to the express mode, which knows no project.
pub(crate) fn operation_id(api: &Api, id: &str) -> String {
    let local = local(api, id);
    let scoped = match api.scope {
        None => local.to_owned(),
        Some(scope) => match local.strip_prefix(scope) {
            Some(rest) => rest.to_owned(),
            None => format!("express.{local}"),
        },
    };
    scoped
        .split('.')
        .map(str::to_snake_case)
        .collect::<Vec<_>>()
        .join("_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::{GEMINI, VERTEX};

    #[test]
    fn ids_follow_from_the_method() {
        for (api, id, expected) in [
            (
                &GEMINI,
                "generativelanguage.batches.updateGenerateContentBatch",
                "batches_update_generate_content_batch",
            ),
            (&GEMINI, "generativelanguage.media.upload", "media_upload"),
            (
                &VERTEX,
                "aiplatform.projects.locations.batchPredictionJobs.create",
                "batch_prediction_jobs_create",
            ),
            (
                &VERTEX,
                "aiplatform.batchPredictionJobs.create",
                "express_batch_prediction_jobs_create",
            ),
        ] {
            assert_eq!(operation_id(api, id), expected);
        }
    }
}
