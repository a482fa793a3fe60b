//! Rust text as words and marks: comments and literals are left out, and so is what is compiled
//! for tests, fuzzing and measurements alone.

/// A word or one mark, and the line that it is on, from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// The tokens of `text` that are part of the shipped code.
pub(crate) fn shipped(text: &str) -> Vec<Token> {
    without_tests(&all(text))
}

fn all(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let length = length_at(&chars[at..]);
        let piece = &chars[at..at + length];
        if is_code(piece) {
            let text = piece.iter().collect();
            tokens.push(Token { text, line });
        }
        line += piece.iter().filter(|char| **char == '\n').count();
        at += length;
    }
    tokens
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Literals of text are kept as one token, since attributes name features in them.
fn is_code(piece: &[char]) -> bool {
    !piece[0].is_whitespace() && !piece.starts_with(&['/', '/']) && !piece.starts_with(&['/', '*'])
}

/// How long the comment, literal, word or mark is that `chars` begins with.
fn length_at(chars: &[char]) -> usize {
    let next = |at: usize| chars.get(at).copied().unwrap_or('\n');
    match chars[0] {
        '/' if next(1) == '/' => chars
            .iter()
            .position(|char| *char == '\n')
            .unwrap_or(chars.len()),
        '/' if next(1) == '*' => block_comment(chars),
        '"' => quoted(chars, 0),
        'b' | 'c' if next(1) == '"' => quoted(chars, 1),
        'r' if matches!(next(1), '"' | '#') => raw(chars, 1),
        'b' | 'c' if next(1) == 'r' && matches!(next(2), '"' | '#') => raw(chars, 2),
        'b' if next(1) == '\'' => 1,
        '\'' if next(1) == '\\' => 2 + chars[3..].iter().position(|c| *c == '\'').unwrap_or(0) + 2,
        '\'' if next(2) == '\'' => 3,
        ':' if next(1) == ':' => 2,
        first if is_word(first) => chars
            .iter()
            .position(|char| !is_word(*char))
            .unwrap_or(chars.len()),
        _ => 1,
    }
}

fn block_comment(chars: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < chars.len() {
        let step = match chars[at..] {
            ['/', '*', ..] => 1,
            ['*', '/', ..] => -1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
        if depth == 0 {
            break;
        }
    }
    at
}

/// A literal whose quote is at `open`.
fn quoted(chars: &[char], open: usize) -> usize {
    let mut at = open + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// A raw literal, or a raw word, whose `#` or quote is at `open`.
fn raw(chars: &[char], open: usize) -> usize {
    let hashes = chars[open..]
        .iter()
        .take_while(|char| **char == '#')
        .count();
    let quote = open + hashes;
    if chars.get(quote) != Some(&'"') {
        return quote.max(1);
    }
    let ends = |at: &usize| {
        chars[*at] == '"' && chars[at + 1..].iter().take(hashes).all(|char| *char == '#')
    };
    (quote + 1..chars.len())
        .find(ends)
        .map_or(chars.len(), |at| at + 1 + hashes)
}

fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut shipped = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let end = attribute_end(tokens, at);
        if end > at && is_for_tests(&tokens[at..end]) {
            at = item_end(tokens, end);
        } else {
            let end = end.max(at + 1);
            shipped.extend_from_slice(&tokens[at..end]);
            at = end;
        }
    }
    shipped
}

/// Where the attribute ends that begins at `at`, or `at` itself if none does.
fn attribute_end(tokens: &[Token], at: usize) -> usize {
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.text == text);
    if is(at, "#") && is(at + 1, "[") {
        closed(tokens, at + 1)
    } else {
        at
    }
}

/// Features whose name begins with `_` are not for users.
fn is_for_tests(attribute: &[Token]) -> bool {
    let has = |text: &str| attribute.iter().any(|token| token.text == text);
    let is_hidden = attribute.iter().any(|token| token.text.starts_with("\"_"));
    has("cfg") && !has("not") && (is_hidden || ["test", "doc"].into_iter().any(has))
}

/// Where the bracket at `at` is closed: the place behind it.
pub(crate) fn closed(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place + 1;
        }
    }
    tokens.len()
}

/// Where the item, statement or field ends that begins at `at`.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    while attribute_end(tokens, at) > at {
        at = attribute_end(tokens, at);
    }
    let rest = &tokens[at..];
    let first = rest
        .iter()
        .find(|token| !["pub", "(", "crate", "super", ")"].contains(&token.text.as_str()));
    let keyword = first.map_or("", |token| token.text.as_str());
    let to_semicolon = ["use", "let", "static", "const", "type"].contains(&keyword);
    let is_item = [
        "mod", "fn", "async", "impl", "struct", "enum", "trait", "unsafe",
    ]
    .contains(&keyword);
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            ";" => return at + 1,
            "," if !to_semicolon && !is_item => return at + 1,
            "}" | ")" | "]" => return at,
            "{" if !to_semicolon => return closed(tokens, at),
            "(" | "[" | "{" => at = closed(tokens, at),
            _ => at += 1,
        }
    }
    at
}
