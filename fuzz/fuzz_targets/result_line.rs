#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| genai_batch_fuzz::result_line(data));
