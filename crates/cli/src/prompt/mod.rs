//! A row and a template to a request.
