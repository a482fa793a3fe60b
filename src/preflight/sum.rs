//! What can only be said of a source once it was read to its end, or not at all.

use super::diagnosis::Diagnosis;
use super::finding::{Finding, FindingCode, Severity};
use super::limits::{self, Size};
use super::line::Rules;
use super::run::Count;
use super::tokens::BASIS;
use super::uploads;
use crate::backend::gemini::name::gemini_file_id;
use crate::cost::{CostEstimate, Pricing};
use crate::counted::{Counted, Grouped};
use crate::platform::Backend;
use crate::source::SourceKind;
use crate::source::kind::JobKind;

/// Images of a response are taken to have so many bytes, as base64: an assumption.
const IMAGE_BYTES: u64 = 2_000_000;
/// Inline results have been irretrievable when they were large (python-genai#2519, with a
/// thousand images); from which size on is not known.
const INLINE_OUTPUT: u64 = 20_000_000;

impl Count {
    fn goes_inline(&self) -> bool {
        let is_gemini = self.client.backend() == Backend::Gemini;
        is_gemini && !self.held && self.inline_limit.takes(self.requests, self.bytes)
    }

    /// What can only be said once everything was read.
    pub(super) fn sum_up(&mut self, rules: Rules) {
        let inline = self.goes_inline();
        let (limits, findings) = limits::check(Size {
            backend: rules.backend,
            model: self.model.clone().as_deref(),
            requests: Some(self.requests),
            bytes: self.bytes,
            inline,
        });
        self.limits = limits;
        findings.into_iter().for_each(|finding| self.book(finding));
        let is_mixed = self.embeddings > 0 && self.embeddings < self.requests;
        if is_mixed && matches!(rules.kind, JobKind::Either(_)) {
            let message = format!(
                "{} for embeddings among {}",
                Counted(self.embeddings, "request"),
                self.requests
            );
            let finding = Finding::error(FindingCode::MixedKinds, message);
            self.book(finding.hint("submit them as a job of their own, by create_embeddings"));
        }
        if let (Backend::Gemini, false, Some(first)) = (rules.backend, inline, &self.first_metadata)
        {
            let message = format!(
                "the request at {first} has metadata, which the service carries with requests sent \
                 inline alone, and these are too many for `inline_limit`: the client keeps it for the \
                 results that this process reads"
            );
            let finding = Finding::warning(FindingCode::MetadataLost, message);
            self.book(finding.hint(
                "give the requests to the results of a later process by `expect_requests`, or make \
                 what you need part of the key",
            ));
        }
        let text = self.output.likely.saturating_mul(4);
        let output = text.saturating_add(self.image_responses * IMAGE_BYTES);
        if inline && output > INLINE_OUTPUT {
            let message = format!(
                "the results would come back inline, and are likely to be {} MB, while larger \
                 ones than {} MB have been seen to be irretrievable",
                output / 1_000_000,
                INLINE_OUTPUT / 1_000_000
            );
            let finding = Finding::warning(FindingCode::InlineOutputLarge, message);
            self.book(finding.hint("create with inline_limit(InlineLimit::NEVER)"));
        }
    }

    /// A source that the client cannot read.
    pub(super) async fn held_elsewhere(&mut self, source: SourceKind) {
        let backend = self.client.backend();
        match (source, backend) {
            (SourceKind::File(name), Backend::Gemini) => self.held_file(&name).await,
            (SourceKind::File(_), Backend::Vertex) | (_, Backend::Gemini) => {
                let message = format!("{backend} cannot read requests from there");
                let finding = Finding::error(FindingCode::ForeignUri, message);
                self.book(finding.hint("pass a local file or requests"));
            }
            _ => {
                let message = "its requests cannot be read by the client";
                self.book(Finding::note(FindingCode::NotChecked, message));
            }
        }
    }

    async fn held_file(&mut self, name: &str) {
        let Ok(id) = gemini_file_id(name) else {
            let message = "this is not the name of an uploaded file";
            return self.book(Finding::error(FindingCode::UploadMissing, message));
        };
        let message = "the requests of an uploaded file cannot be read back";
        self.book(
            Finding::note(FindingCode::NotChecked, message).hint("check them before the upload"),
        );
        if let Some((severity, code, message)) = uploads::judge(&self.client, id).await {
            self.book(Finding::new(severity, code, message));
        }
        if let Ok(file) = self.client.files().get(name).await {
            self.bytes = file.size_bytes().unwrap_or_default();
        }
        let (limits, findings) = limits::check(Size {
            backend: Backend::Gemini,
            model: None,
            requests: None,
            bytes: self.bytes,
            inline: false,
        });
        self.limits = limits;
        findings.into_iter().for_each(|finding| self.book(finding));
    }

    pub(super) fn diagnosis(self) -> Diagnosis {
        let pricing = self.pricing;
        let pricing = pricing.or_else(|| Pricing::of_model(self.model.as_deref()?));
        let (input, basis) = match &self.correction {
            Some(correction) => {
                let counted = Counted(correction.counted, "request");
                let error = correction.error * 100.0;
                let basis = format!("countTokens of {counted}, ± {error:.1} %");
                (correction.apply(self.input), basis)
            }
            None => (self.input, BASIS.to_owned()),
        };
        let cost = pricing.map(|it| CostEstimate::new(input, self.output, &it));
        let ending = if self.likely_output == 1 { "" } else { "s" };
        let output = format!("{} token{ending}", Grouped(self.likely_output));
        Diagnosis {
            backend: self.client.backend(),
            source: self.name,
            requests: self.requests,
            bytes: self.bytes,
            errors: self.findings.of(Severity::Error),
            warnings: self.findings.of(Severity::Warning),
            notes: self.findings.of(Severity::Note),
            counts: self.findings.by_code.clone(),
            findings: self.findings.into_kept(),
            limits: self.limits,
            input_tokens: input,
            output_tokens: self.output,
            token_basis: format!("{basis}; {output} a response (1 to maxOutputTokens)"),
            unmeasured_parts: self.unmeasured,
            cost: cost.filter(|_| self.requests > 0),
        }
    }
}
