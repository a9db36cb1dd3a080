//! Reads figures off paper, as a customer or an accountant would.

/// What stands on a receipt, invoice or credit note.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) title: String,
    pub(super) is_copy: bool,
    pub(super) printed: String,
    pub(super) time: String,
    /// Quantity and price as printed, and the amount.
    pub(super) lines: Vec<(String, String, i64)>,
    /// Zero or negative.
    pub(super) discount: i64,
    /// Only where prices are without tax.
    pub(super) net: Option<i64>,
    pub(super) added_taxes: Vec<(String, i64)>,
    pub(super) total: i64,
    pub(super) rounding: i64,
    pub(super) payable: i64,
    pub(super) tenders: Vec<(String, i64)>,
    pub(super) change: i64,
    /// Name, taxable and tax, from the table at the foot.
    pub(super) taxes: Vec<(String, i64, i64)>,
    pub(super) hash: String,
}

/// What stands on a Z report, by label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SlipZ {
    pub(super) amounts: Vec<(String, i64)>,
}

impl SlipZ {
    /// The first amount with a label.
    pub(super) fn amount(&self, label: &str) -> Option<i64> {
        self.amounts.iter().find(|(known, _)| known == label).map(|(_, amount)| *amount)
    }
}

/// Reads a receipt.
pub(super) fn read(text: &str) -> Result<Slip, String> {
    let mut slip = Slip::default();
    let parts: Vec<Vec<&str>> = text
        .split_terminator('\n')
        .collect::<Vec<_>>()
        .split(|line| line.starts_with("------"))
        .map(<[&str]>::to_vec)
        .collect();
    let mut parts = parts.into_iter();
    let (Some(head), Some(body), Some(sums)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("a receipt has head, lines and sums: {text}"));
    };
    read_head(&head, &mut slip)?;
    read_lines(&body, &mut slip)?;
    read_sums(&sums, &mut slip)?;
    let rest: Vec<Vec<&str>> = parts.collect();
    if let Some((foot, tables)) = rest.split_last() {
        for line in tables.iter().flatten() {
            let (name, amount) = split_amount(line)?;
            let (name, taxable) = name.split_once(" of ").ok_or_else(|| format!("no tax: {line}"))?;
            slip.taxes.push((name.to_owned(), minor(taxable.trim())?, amount));
        }
        slip.hash = foot.iter().map(|line| line.trim()).collect();
    }
    Ok(slip)
}

fn read_head(head: &[&str], slip: &mut Slip) -> Result<(), String> {
    let mut lines = head.iter().map(|line| line.trim());
    let mut next = || lines.next().map(str::to_owned).ok_or_else(|| "the head is too short".to_owned());
    slip.title = next()?;
    slip.printed = next()?;
    if slip.printed == "* COPY *" {
        slip.is_copy = true;
        slip.printed = next()?;
    }
    slip.time = next()?;
    Ok(())
}

fn read_lines(body: &[&str], slip: &mut Slip) -> Result<(), String> {
    for line in body {
        // The line before it is the product's name.
        let Some(measured) = line.strip_prefix("  ").filter(|line| line.contains(" x ")) else { continue };
        let (each, amount) = split_amount(measured)?;
        let (quantity, price) = each.split_once(" x ").ok_or_else(|| format!("no quantity: {line}"))?;
        let quantity = quantity.split(' ').next().unwrap_or_default();
        slip.lines.push((quantity.to_owned(), price.trim().to_owned(), amount));
    }
    Ok(())
}

fn read_sums(sums: &[&str], slip: &mut Slip) -> Result<(), String> {
    let mut payable = None;
    for line in sums.iter().filter(|line| !line.starts_with("  ")) {
        let (label, amount) = split_currency(line)?;
        match label.as_str() {
            "Discount" => slip.discount = amount,
            "Net" => slip.net = Some(amount),
            "TOTAL" => slip.total = amount,
            "Cash rounding" => slip.rounding = amount,
            "TO PAY" => payable = Some(amount),
            "Change" => slip.change = amount,
            _ if label.ends_with('%') => slip.added_taxes.push((label, amount)),
            _ => slip.tenders.push((label.to_lowercase(), amount)),
        }
    }
    slip.payable = payable.unwrap_or(slip.total);
    Ok(())
}

/// Reads a Z report.
pub(super) fn read_z(text: &str) -> SlipZ {
    let amounts = text.lines().filter_map(|line| split_currency(line).ok());
    SlipZ { amounts: amounts.collect() }
}

/// `TOTAL      1.25 EUR`.
fn split_currency(line: &str) -> Result<(String, i64), String> {
    let (amount, currency) = line.rsplit_once(' ').ok_or_else(|| format!("no amount: {line}"))?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(format!("no currency: {line}"));
    }
    split_amount(amount)
}

/// `VAT S 25 % of 1.00     0.25`.
fn split_amount(line: &str) -> Result<(String, i64), String> {
    let line = line.trim_end();
    let (label, amount) = line.rsplit_once(' ').ok_or_else(|| format!("no amount: {line}"))?;
    Ok((label.trim_end().to_owned(), minor(amount)?))
}

/// An amount in minor units: its digits without the point.
fn minor(text: &str) -> Result<i64, String> {
    text.replace('.', "").parse().map_err(|_| format!("no amount: {text}"))
}

/// A decimal number in units of 10^-10, to compare prices and quantities however many zeros they are shown with.
pub(super) fn decimal(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<10}");
    if fraction.len() > 10 { None } else { digits.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIPT: &str = "                 RECEIPT
                 * COPY *
           S01-T01-R26A-000002
2026-03-02 08:00
Store S01  Till T01                  owner
------------------------------------------
Milk
  2 x 1.50                            3.00
Cheese
  0.35 kg x 10.00                     3.50
------------------------------------------
Discount                         -0.50 EUR
Net                               6.00 EUR
VAT S 25 %                        1.50 EUR
TOTAL                             7.50 EUR
Cash rounding                    -0.02 EUR
TO PAY                            7.48 EUR
Card                              2.48 EUR
  AB12
Cash                             10.00 EUR
Change                            5.00 EUR
------------------------------------------
VAT S 25 % of 6.00                    1.50
------------------------------------------
                279d985f4c
";

    #[test]
    fn a_receipt_is_read() {
        let slip = read(RECEIPT).unwrap();
        assert_eq!(
            (slip.title.as_str(), slip.is_copy, slip.printed.as_str()),
            ("RECEIPT", true, "S01-T01-R26A-000002")
        );
        let lines = [("2", "1.50", 300), ("0.35", "10.00", 350)];
        assert_eq!(slip.lines, lines.map(|(quantity, price, amount)| (quantity.to_owned(), price.to_owned(), amount)));
        assert_eq!((slip.discount, slip.net, slip.total, slip.rounding, slip.payable), (-50, Some(600), 750, -2, 748));
        assert_eq!(slip.added_taxes, [("VAT S 25 %".to_owned(), 150)]);
        assert_eq!(slip.tenders, [("card".to_owned(), 248), ("cash".to_owned(), 1000)]);
        assert_eq!((slip.change, slip.hash.as_str()), (500, "279d985f4c"));
        assert_eq!(slip.taxes, [("VAT S 25 % of 6.00".replace(" of 6.00", ""), 600, 150)]);
    }

    #[test]
    fn decimals_compare_by_value() {
        assert_eq!(decimal("12.9"), decimal("12.900"));
        assert_eq!(decimal("-0.35"), Some(-3_500_000_000));
        assert_ne!(decimal("1.2"), decimal("1.20001"));
        assert_eq!(decimal("1.00000000001"), None);
        assert!(read("no receipt").is_err());
    }
}
