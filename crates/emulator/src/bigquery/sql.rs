//! The SQL that is understood: what a client needs to read one table.

use std::iter::Peekable;
use std::str::Chars;

/// What a query that is not understood is told.
const SUPPORTED: &str = "The emulator runs SELECT of *, of columns, of TO_JSON_STRING(alias) or of \
    COUNT(*), FROM one `project.dataset.table` [AS alias] [LIMIT n], and nothing else";

/// A query.
#[derive(Debug, PartialEq)]
pub(crate) struct Select {
    pub(crate) outputs: Outputs,
    /// The parts of the name of the table, from the project, the dataset or the table on.
    pub(crate) table: Vec<String>,
    pub(crate) alias: Option<String>,
    pub(crate) limit: Option<usize>,
}

/// What a query gives for each row.
#[derive(Debug, PartialEq)]
pub(crate) enum Outputs {
    All,
    List(Vec<Output>),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Output {
    pub(crate) expression: Expression,
    /// The name it is given with `AS`.
    pub(crate) name: Option<String>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Expression {
    Column(String),
    /// `TO_JSON_STRING` of a column, or of the row under the alias of its table.
    ToJsonString(String),
    /// `COUNT(*)`, which makes one row of all.
    Count,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    /// In backticks, where words have no meaning of their own.
    Quoted(String),
    Symbol(char),
}

/// Reads a query, or answers what is wrong with it.
pub(crate) fn parse(sql: &str) -> Result<Select, String> {
    let mut parser = Parser {
        tokens: tokens(sql)?,
        next: 0,
    };
    parser.select().map_err(|at| {
        let at = at.map_or("end of input".to_owned(), |token| token.to_string());
        format!("Syntax error: Unexpected {at}. {SUPPORTED}.")
    })
}

fn tokens(sql: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            c if c.is_whitespace() => continue,
            '`' => {
                let quoted: String = chars.by_ref().take_while(|c| *c != '`').collect();
                Token::Quoted(quoted)
            }
            c if is_word(c) => Token::Word(word(c, &mut chars)),
            '*' | ',' | '(' | ')' | '.' | ';' => Token::Symbol(c),
            other => {
                return Err(format!(
                    "Syntax error: Unexpected \"{other}\". {SUPPORTED}."
                ));
            }
        });
    }
    Ok(tokens)
}

/// Dashes are in the names of projects, which need no quotation marks in a query.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

fn word(first: char, chars: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::from(first);
    while let Some(c) = chars.next_if(|c| is_word(*c)) {
        word.push(c);
    }
    word
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

/// The token that was not expected, or none at the end.
type Unexpected = Option<Token>;

impl Parser {
    fn select(&mut self) -> Result<Select, Unexpected> {
        self.keyword("SELECT")?;
        let outputs = if self.symbol('*') {
            Outputs::All
        } else {
            let mut outputs = vec![self.output()?];
            while self.symbol(',') {
                outputs.push(self.output()?);
            }
            Outputs::List(outputs)
        };
        self.keyword("FROM")?;
        let table = self.table()?;
        let alias = self.alias()?;
        let limit = match self.keyword("LIMIT") {
            Ok(()) => Some(self.number()?),
            Err(_) => None,
        };
        while self.symbol(';') {}
        match self.peek() {
            None => Ok(Select {
                outputs,
                table,
                alias,
                limit,
            }),
            unexpected => Err(unexpected),
        }
    }

    fn output(&mut self) -> Result<Output, Unexpected> {
        let quoted = matches!(self.peek(), Some(Token::Quoted(_)));
        let mut name = self.name()?;
        let expression = if !quoted && self.symbol('(') {
            let call = match name.to_ascii_uppercase().as_str() {
                "COUNT" if self.symbol('*') => Expression::Count,
                "TO_JSON_STRING" => Expression::ToJsonString(self.name()?),
                _ => return Err(self.peek()),
            };
            if !self.symbol(')') {
                return Err(self.peek());
            }
            call
        } else {
            // The only table needs no mention.
            while self.symbol('.') {
                name = self.name()?;
            }
            Expression::Column(name)
        };
        let name = self.alias()?;
        Ok(Output { expression, name })
    }

    fn table(&mut self) -> Result<Vec<String>, Unexpected> {
        let mut parts = vec![self.name()?];
        while self.symbol('.') {
            parts.push(self.name()?);
        }
        let parts = parts.join(".");
        // From the right, since a project may have dots of its own.
        let mut parts: Vec<String> = parts.rsplitn(3, '.').map(str::to_owned).collect();
        parts.reverse();
        if parts.iter().any(String::is_empty) {
            return Err(Some(Token::Quoted(parts.join("."))));
        }
        Ok(parts)
    }

    /// A name behind `AS`, or one that cannot be anything else.
    fn alias(&mut self) -> Result<Option<String>, Unexpected> {
        if self.keyword("AS").is_ok() {
            return self.name().map(Some);
        }
        let clauses = [
            "FROM",
            "LIMIT",
            "WHERE",
            "ORDER",
            "GROUP",
            "JOIN",
            "TABLESAMPLE",
        ];
        match self.peek() {
            Some(Token::Word(word)) if clauses.contains(&word.to_ascii_uppercase().as_str()) => {
                Ok(None)
            }
            Some(Token::Word(_) | Token::Quoted(_)) => self.name().map(Some),
            _ => Ok(None),
        }
    }

    fn name(&mut self) -> Result<String, Unexpected> {
        match self.peek() {
            Some(Token::Word(name) | Token::Quoted(name)) if !name.is_empty() => {
                self.next += 1;
                Ok(name)
            }
            unexpected => Err(unexpected),
        }
    }

    fn number(&mut self) -> Result<usize, Unexpected> {
        let number = match self.peek() {
            Some(Token::Word(word)) => word.parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| self.peek())?;
        self.next += 1;
        Ok(number)
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), Unexpected> {
        match self.peek() {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword) => {
                self.next += 1;
                Ok(())
            }
            unexpected => Err(unexpected),
        }
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let found = self.peek() == Some(Token::Symbol(symbol));
        self.next += usize::from(found);
        found
    }

    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.next).cloned()
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => write!(f, "\"{word}\""),
            Self::Quoted(name) => write!(f, "\"`{name}`\""),
            Self::Symbol(symbol) => write!(f, "\"{symbol}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(sql: &str) -> Vec<String> {
        parse(sql).unwrap().table
    }

    fn list(sql: &str) -> Vec<Output> {
        match parse(sql).unwrap().outputs {
            Outputs::List(outputs) => outputs,
            Outputs::All => Vec::new(),
        }
    }

    fn output(expression: Expression, name: Option<&str>) -> Output {
        let name = name.map(str::to_owned);
        Output { expression, name }
    }

    #[test]
    fn tables_are_named_in_many_ways() {
        assert_eq!(table("SELECT * FROM `p-1.d.t`"), ["p-1", "d", "t"]);
        assert_eq!(table("select * from p-1.d.t;"), ["p-1", "d", "t"]);
        assert_eq!(table("SELECT * FROM `p`.d.`t`"), ["p", "d", "t"]);
        assert_eq!(table("SELECT * FROM d.t LIMIT 3"), ["d", "t"]);
        assert_eq!(table("SELECT * FROM t"), ["t"]);
        assert_eq!(table("SELECT * FROM `x.com:p.d.t`"), ["x.com:p", "d", "t"]);
    }

    #[test]
    fn outputs_are_read() {
        let column = |name: &str| Expression::Column(name.to_owned());
        assert_eq!(
            list("SELECT a, t.b AS `from`, `count` c FROM d.t AS t LIMIT 5"),
            [
                output(column("a"), None),
                output(column("b"), Some("from")),
                output(column("count"), Some("c")),
            ]
        );
        assert_eq!(
            list("SELECT TO_JSON_STRING(t) AS row FROM `p.d.t` AS t"),
            [output(
                Expression::ToJsonString("t".to_owned()),
                Some("row")
            )]
        );
        assert_eq!(
            list("SELECT COUNT(*) FROM d.t"),
            [output(Expression::Count, None)]
        );
        let select = parse("SELECT * FROM d.t u LIMIT 12").unwrap();
        assert_eq!(
            (select.alias.as_deref(), select.limit),
            (Some("u"), Some(12))
        );
    }

    #[test]
    fn other_queries_are_told_what_is_supported() {
        for sql in [
            "",
            "SELECT",
            "SELECT 1 + 1",
            "SELECT * FROM d.t WHERE a = 1",
            "SELECT * FROM d.t WHERE a",
            "SELECT a FROM d.t ORDER BY a",
            "SELECT MAX(a) FROM d.t",
            "SELECT * FROM d.t LIMIT x",
            "SELECT * FROM d..t",
            "DELETE FROM d.t",
        ] {
            let error = parse(sql).unwrap_err();
            assert!(error.contains("The emulator runs SELECT"), "{sql}: {error}");
        }
    }
}
