//! In whose words the requests of a create go to the service.

use crate::form::Writer;
use crate::options::Task;
use crate::request::Form;
use crate::source::kind::body_model;

/// What writes the requests of a job of this model; `None` where they are in Google's words.
pub(super) fn writer_of(form: Form, task: Task, model: &str) -> Option<Writer> {
    (form != Form::Gemini).then(|| Writer {
        form,
        is_embedding: task == Task::EmbedContent,
        model: body_model(model),
        is_lenient: false,
    })
}
