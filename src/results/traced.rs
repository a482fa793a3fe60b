//! What a span tells of results.

use super::ledger::Report;
use crate::trace::Call;

impl Call {
    /// The account of results that were read to their end.
    pub(super) fn end_results(&self, report: &Report) {
        self.span()
            .record("genai_batch.report.responses", report.responses);
        self.span()
            .record("genai_batch.report.errors", report.errors);
        self.span()
            .record("genai_batch.report.missing", report.missing);
        if let Some(usage) = &report.usage {
            let used = usage.total();
            self.span()
                .record("gen_ai.usage.input_tokens", used.input_tokens());
            self.span()
                .record("gen_ai.usage.output_tokens", used.output_tokens());
        }
    }
}
