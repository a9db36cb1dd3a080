//! An answer as it is shown to people: the fields of the JSON in the order in which they were written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A text, number, yes or no; a dash for nothing.
    Plain(String),
    /// Several values.
    List(Vec<Self>),
    /// Named values in their order.
    Fields(Vec<(String, Self)>),
}

impl Shown {
    /// Reads an answer. What is no JSON is shown as it is.
    #[must_use]
    pub fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_else(|_| Self::Plain(json.to_owned()))
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Fields(fields) => fields.iter().find(|(field, _)| field == name).map(|(_, value)| value),
            Self::Plain(_) | Self::List(_) => None,
        }
    }

    /// A field as text; nothing where it is missing.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.field(name).map(ToString::to_string).unwrap_or_default()
    }
}

/// On one line.
impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => formatter.write_str(text),
            Self::List(items) if items.is_empty() => formatter.write_str("-"),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                formatter.write_str(&items.join(", "))
            }
            Self::Fields(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{} {value}", spaced(name))).collect();
                formatter.write_str(&fields.join(", "))
            }
        }
    }
}

/// A field's name as words.
#[must_use]
pub fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Shown;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Shown, E> {
        Ok(Shown::Plain("-".to_owned()))
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Shown, E> {
        Ok(Shown::Plain(if yes { "yes" } else { "no" }.to_owned()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Shown, E> {
        Ok(Shown::Plain(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Shown, E> {
        Ok(Shown::Plain(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Shown, E> {
        Ok(Shown::Plain(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Shown, E> {
        Ok(Shown::Plain(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shown, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Shown::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Shown, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = entries.next_entry()? {
            fields.push(field);
        }
        Ok(Shown::Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_read_as_words() {
        let shown = Shown::read(r#"{"z_last":[1,2],"a":{"is_it":true,"b":null},"m":[]}"#);
        assert_eq!(shown.to_string(), "z last 1, 2, a is it yes, b -, m -");
        assert_eq!((shown.text("m"), shown.text("none")), ("-".to_owned(), String::new()));
        assert_eq!(Shown::read("no json").to_string(), "no json");
    }
}
