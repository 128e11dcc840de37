//! Decimal numbers as text, so that no amount ever passes through a float.

use std::fmt;
use std::str::FromStr;

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};

use crate::framework::money::{AmountError, BasisPoints, Money, check_decimal};

/// The text of a decimal number, checked for its form only. How many decimals are allowed depends on the
/// currency or rate: read it with [`crate::framework::money::parse_amount`] or [`BasisPoints::parse`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(String);

impl Decimal {
    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Decimal {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        check_decimal(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl From<Money> for Decimal {
    /// The amount, with exactly its currency's decimals.
    fn from(money: Money) -> Self {
        Self(money.amount())
    }
}

impl From<BasisPoints> for Decimal {
    /// The rate in percent, without superfluous decimals.
    fn from(rate: BasisPoints) -> Self {
        Self(rate.to_string())
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> Self {
        decimal.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A decimal number, always answered as a string, so that no client reads it into a float. As input a string
/// such as `"19.90"` or an integer literal; a literal with a fraction is refused. At most 32 characters, no
/// exponent, no plus sign, no separators.
///
/// Amounts are answered with exactly their currency's decimals (`"19.90"` EUR, `"1990"` JPY). More decimals
/// than the currency has are an error on input, never rounded. Rates are percentages: `"17"`, `"8.5"`.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(text.parse()?),
            // A number that is neither came from a fraction, an exponent or more than 64 bits, and has gone
            // through a float already.
            Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string().parse()?),
            Value::Number(_) => {
                Err("expected a whole number, or the number as a string such as \"19.90\"".into())
            }
            _ => Err("expected a decimal number as a string such as \"19.90\"".into()),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::money::Currency;

    fn parse(value: impl Into<Value>) -> Option<String> {
        <Decimal as ScalarType>::parse(value.into()).ok().map(String::from)
    }

    #[test]
    fn takes_strings_and_whole_numbers() {
        assert_eq!(parse("19.90").as_deref(), Some("19.90"));
        assert_eq!(parse("-0.5").as_deref(), Some("-0.5"));
        assert_eq!(parse(i64::MIN).as_deref(), Some("-9223372036854775808"));
        assert_eq!(parse(u64::MAX).as_deref(), Some("18446744073709551615"));
    }

    #[test]
    fn refuses_everything_else() {
        for text in ["", "+1", "1e3", " 1", "1,5", "NaN", "Infinity", "0x1", ".5", "5.", "١", "1\0"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse("1".repeat(32)).map(|text| text.len()), Some(32));
        assert_eq!(parse("1".repeat(33)), None);
        assert_eq!(parse(19.9), None);
        assert_eq!(parse(20.0), None);
        assert_eq!(parse(true), None);
        assert_eq!(parse(Value::Null), None);
        assert_eq!(parse(vec![Value::from(1)]), None);
    }

    #[test]
    fn writes_money_and_rates() {
        let price = Money::new(1990, Currency::EUR).expect("an amount within bounds");
        assert_eq!(Decimal::from(price).as_str(), "19.90");
        assert_eq!(Decimal::from(BasisPoints(850)).to_string(), "8.5");
    }
}
