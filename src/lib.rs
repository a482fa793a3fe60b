//! genai-batch.
