//! What a kind of tax id is: whose, its name, its rule, and how it is written.

/// Why a text is no such number. In order: the later, the nearer it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// Not so many characters.
    Length,
    /// Other characters, or in other places.
    Format,
    /// A part that no such number has: a date, a province, a kind.
    Component,
    /// The check digits are not those of the others.
    CheckDigit,
}

impl Fault {
    /// What is wrong, as the end of a sentence.
    #[must_use]
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Length => "has the wrong length",
            Self::Format => "has characters where none such may stand",
            Self::Component => "has a part that no such number has",
            Self::CheckDigit => "has wrong check digits",
        }
    }
}

/// The verdict of a rule.
pub(super) type Checked = Result<(), Fault>;

/// A kind of number. The rule gets capital letters and digits only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// Its usual name.
    pub(super) name: &'static str,
    /// Whether the text is such a number.
    pub(super) rule: Rule,
    /// How it is written: `#` for each of its characters, the rest as it stands; empty for no separators.
    pub(super) form: Form,
}

/// How a kind is checked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Digits whose sum by weights, the check digit among them, leaves nothing.
    Sum {
        /// One weight for each digit.
        weights: &'static [i64],
        /// What the sum is divided by.
        modulus: i64,
    },
    /// A rule of its own.
    Own(fn(&str) -> Checked),
    /// A rule of its own over another spelling, which comes out: zeros in front, a letter that is often left out.
    Spelled(fn(&str) -> Result<String, Fault>),
}

/// How a kind is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Without separators.
    Bare,
    /// By a pattern.
    Pattern(&'static str),
    /// In a way of its own.
    Own(fn(&str) -> String),
}

impl Kind {
    pub(super) const fn sum(name: &'static str, weights: &'static [i64], modulus: i64) -> Self {
        Self { name, rule: Rule::Sum { weights, modulus }, form: Form::Bare }
    }

    pub(super) const fn own(name: &'static str, rule: fn(&str) -> Checked) -> Self {
        Self { name, rule: Rule::Own(rule), form: Form::Bare }
    }

    pub(super) const fn spelled(name: &'static str, rule: fn(&str) -> Result<String, Fault>) -> Self {
        Self { name, rule: Rule::Spelled(rule), form: Form::Bare }
    }

    pub(super) const fn written(self, pattern: &'static str) -> Self {
        Self { form: Form::Pattern(pattern), ..self }
    }

    pub(super) const fn formed(self, form: fn(&str) -> String) -> Self {
        Self { form: Form::Own(form), ..self }
    }

    /// The number in its usual spelling and form.
    ///
    /// # Errors
    /// It is no such number.
    pub(super) fn read(&self, text: &str) -> Result<String, Fault> {
        let spelled = match self.rule {
            Rule::Sum { weights, modulus } => {
                require(text.len() == weights.len(), Fault::Length)?;
                let digits = digits(text)?;
                require(modulo(weigh(&digits, weights), modulus) == 0, Fault::CheckDigit)?;
                text.to_owned()
            }
            Rule::Own(rule) => {
                rule(text)?;
                text.to_owned()
            }
            Rule::Spelled(rule) => rule(text)?,
        };
        Ok(match self.form {
            Form::Bare => spelled,
            Form::Pattern(pattern) => fill(pattern, &spelled),
            Form::Own(form) => form(&spelled),
        })
    }
}

/// Puts the characters of a number into a pattern.
pub(super) fn fill(pattern: &str, number: &str) -> String {
    let mut characters = number.chars();
    let mut filled = String::with_capacity(pattern.len());
    for place in pattern.chars() {
        match place {
            '#' => filled.extend(characters.next()),
            other => filled.push(other),
        }
    }
    filled.extend(characters);
    filled
}

pub(super) const fn require(holds: bool, fault: Fault) -> Checked {
    if holds { Ok(()) } else { Err(fault) }
}

pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits as numbers.
pub(super) fn digits(text: &str) -> Result<Vec<i64>, Fault> {
    require(is_digits(text), Fault::Format)?;
    Ok(text.bytes().map(|byte| i64::from(byte & 0x0F)).collect())
}

/// The digits, if there are exactly so many.
pub(super) fn digits_of(text: &str, length: usize) -> Result<Vec<i64>, Fault> {
    require(text.len() == length, Fault::Length)?;
    digits(text)
}

/// The sum of products, as far as both lists go.
pub(super) fn weigh(digits: &[i64], weights: &[i64]) -> i64 {
    digits.iter().zip(weights).map(|(digit, weight)| digit.saturating_mul(*weight)).fold(0, i64::saturating_add)
}

/// The remainder, never below zero.
pub(super) fn modulo(sum: i64, by: i64) -> i64 {
    sum.checked_rem_euclid(by).unwrap_or(0)
}

/// A part of the text as a number; beyond its end nothing.
pub(super) fn number(text: &str, from: usize, to: usize) -> i64 {
    text.get(from..to).and_then(|part| part.parse().ok()).unwrap_or(-1)
}

/// The last digit must be this.
pub(super) fn ends_in(digits: &[i64], expected: i64) -> Checked {
    require(digits.last() == Some(&expected), Fault::CheckDigit)
}

/// The last character must be the one at this place of an alphabet.
pub(super) fn ends_in_letter(text: &str, alphabet: &str, place: i64) -> Checked {
    let expected = usize::try_from(place).ok().and_then(|place| alphabet.chars().nth(place));
    require(expected.is_some() && text.chars().next_back() == expected, Fault::CheckDigit)
}

pub(super) fn starts_nonzero(text: &str) -> Checked {
    require(!text.starts_with('0'), Fault::Component)
}

/// The remainder of a long number of digits.
pub(super) fn long_modulo(digits: &[i64], by: i64) -> i64 {
    digits.iter().fold(0, |rest, digit| modulo(rest.saturating_mul(10).saturating_add(*digit), by))
}

/// Luhn's check over an alphabet (ISO/IEC 7812-1): every second value from the right, beginning beside the check
/// character, doubled in that base.
pub(super) fn luhn(text: &str, alphabet: &str) -> Checked {
    let base = i64::try_from(alphabet.len()).unwrap_or(i64::MAX);
    let mut sum = 0_i64;
    for (place, character) in text.chars().rev().enumerate() {
        let value = alphabet.find(character).and_then(|value| i64::try_from(value).ok()).ok_or(Fault::Format)?;
        let doubled = if place.is_multiple_of(2) { value } else { value.saturating_mul(2) };
        let carried = doubled.checked_div(base).unwrap_or(0).saturating_add(modulo(doubled, base));
        sum = sum.saturating_add(carried);
    }
    require(modulo(sum, base) == 0, Fault::CheckDigit)
}

pub(super) const DIGITS: &str = "0123456789";
pub(super) const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
pub(super) const ALPHANUMERIC: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// ISO 7064 modulo 11, 10.
pub(super) fn mod_11_10(digits: &[i64]) -> Checked {
    let mut check = 5_i64;
    for digit in digits {
        let carried = if check == 0 { 10 } else { check };
        check = modulo(modulo(carried.saturating_mul(2), 11).saturating_add(*digit), 10);
    }
    require(check == 1, Fault::CheckDigit)
}

/// A date of the calendar.
pub(super) fn date(year: i64, month: i64, day: i64) -> Checked {
    let is_leap = modulo(year, 4) == 0 && (modulo(year, 100) != 0 || modulo(year, 400) == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    require((1..=days).contains(&day), Fault::Component)
}
