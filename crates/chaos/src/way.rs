//! The ways of going about a job that are no faults, but where faults may meet it.

use crate::inject::Deeds;
use crate::names::names;
use crate::observed::{Observed, Staged};
use crate::plan::{Backend, Plan, Task};

names! {
    /// A way of going about a job.
    Way {
        /// Embeddings of the Gemini Developer API.
        EmbeddingsGemini => "embeddings, Gemini",
        /// Embeddings of Vertex AI.
        EmbeddingsVertex => "embeddings, Vertex AI",
        /// Create, wait and results in one call.
        Run => "run",
        /// Waiting for several jobs at once.
        WaitAll => "wait_all",
        /// Vertex AI with an API key.
        Express => "express mode",
        /// What the client staged is gone in the end.
        InputRemoved => "staged input removed",
        /// What the client staged is there in the end.
        InputKept => "staged input kept",
    }
}

/// The ways that a round was to take.
pub(crate) fn ways_drawn(plan: &Plan) -> Vec<Way> {
    let embeds = plan.task != Task::Generate;
    let stages = plan.client_stages();
    [
        (
            embeds && plan.backend == Backend::Gemini,
            Way::EmbeddingsGemini,
        ),
        (
            embeds && plan.backend == Backend::Vertex,
            Way::EmbeddingsVertex,
        ),
        (plan.runs, Way::Run),
        (plan.companions > 0, Way::WaitAll),
        (plan.express, Way::Express),
        (stages && plan.removes_input, Way::InputRemoved),
        (stages && !plan.removes_input, Way::InputKept),
    ]
    .into_iter()
    .filter_map(|(drawn, way)| drawn.then_some(way))
    .collect()
}

/// Those that it took to their end.
pub(crate) fn ways_taken(plan: &Plan, deeds: &Deeds, seen: &Observed) -> Vec<Way> {
    let staged = |kept| {
        let known = true;
        seen.staged == Some(Staged { kept, known })
    };
    let mut ways = ways_drawn(plan);
    ways.retain(|way| match way {
        Way::EmbeddingsGemini | Way::EmbeddingsVertex => !seen.rows.is_empty(),
        Way::Run => deeds.ran,
        Way::WaitAll => deeds.waited_for_all,
        Way::Express => seen.report.is_some(),
        Way::InputRemoved => staged(false),
        Way::InputKept => staged(true),
    });
    ways
}
