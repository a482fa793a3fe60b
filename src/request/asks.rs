//! What requests ask for, and whether one has the content for it.

use super::fields::{Fields, Shape};
use super::finding::{Finding, FindingCode};

/// What requests ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    Content,
    Embedding,
    /// Each request tells by its fields.
    Either,
}

impl Asks {
    /// What a request of these asks for; never [`Either`](Self::Either).
    pub(crate) fn of(self, request: &impl Fields) -> Self {
        match self {
            Self::Either if request.has("content") && !request.has("contents") => Self::Embedding,
            Self::Either => Self::Content,
            known => known,
        }
    }

    /// The field that every such request has.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Content | Self::Either => "contents",
            Self::Embedding => "content",
        }
    }
}

/// Why what a request says is not what it is to say; one that says nothing yet is passed over.
pub(crate) fn wrong_content(request: &impl Fields, asks: Asks) -> Option<Finding> {
    let asks = asks.of(request);
    let field = asks.field();
    let message = match (asks, request.shape(field)) {
        (Asks::Embedding, Some(Shape::Text | Shape::Object { .. })) => return None,
        (Asks::Embedding, Some(_)) => format!("`{field}` of the request is not an object"),
        // A text and a single content have a clear meaning; whoever writes the line puts them right.
        (_, Some(Shape::List { .. } | Shape::Text | Shape::Object { .. })) => return None,
        (_, Some(_)) => format!("`{field}` of the request is not a list"),
        (Asks::Embedding, None) if request.has("contents") => {
            "a request for generated content, or for several embeddings: `contents` is for create, \
             create_embeddings takes `content`, one in each request"
                .to_owned()
        }
        (Asks::Content, None) if request.has("content") => {
            "a request for an embedding: `content` is for create_embeddings, create takes `contents`"
                .to_owned()
        }
        _ => return None,
    };
    Some(Finding::error(FindingCode::WrongShape, message))
}

/// Why a request cannot be sent yet.
pub(crate) fn no_content(request: &impl Fields, asks: Asks) -> Option<Finding> {
    let field = asks.of(request).field();
    let message = match request.shape(field) {
        None => format!("the request has no `{field}`"),
        Some(Shape::List { is_empty: true } | Shape::Object { is_empty: true }) => {
            format!("`{field}` of the request is empty")
        }
        Some(_) => return None,
    };
    Some(Finding::error(FindingCode::WrongShape, message))
}
