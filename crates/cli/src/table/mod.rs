//! Tables: what is read row by row, and what is written with the answers.
