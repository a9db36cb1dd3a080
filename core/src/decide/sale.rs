//! Completing a sale: basket in, numbered document out.
//!
//! Prices and taxes are those of the till at this moment, and are written into the document as sold. Example: 2 x milk at
//! 1.25 paid with 5.00 cash is a receipt of 2.50 with change 2.50.

use crate::activity::UnsoldLineV1;
use crate::approval::Authority;
use crate::cash_rounding::CashRounding;
use crate::catalog::{Product, Unit};
use crate::command::{Basket, BasketLine, CHANGE_MINOR_MAX, QUANTITY_MAX};
use crate::currency::Currency;
use crate::decide::{Context, check_at, stored_issue};
use crate::document::{DocumentV1, LinePromotionV1, LineV1, TotalsV1, scanned_digest};
use crate::event::Event;
use crate::goods_label::GoodsLabel;
use crate::id::{CommandId, MasterCode, refuse_card_number};
use crate::line::{self, LineInput};
use crate::money::Money;
use crate::planted::{Bug, is_alive};
use crate::promotion::{Applied, Named, Promotions};
use crate::quantity::{Decimal, Quantity, UnitPrice};
use crate::refusal::{Reason, Refusal};
use crate::role::Permission;
use crate::series::DocumentKind;
use crate::settlement::{Settlement, settle, settle_in_cash};
use crate::tax::LineTax;
use crate::tender::{Tender, TenderKind};
use crate::time::Date;
use crate::totals::{DocumentInput, LINES_MAX, PriceMode, PricedDocument, price};

/// What a code stands for on this till: a product with its price and taxes here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sellable {
    /// The product.
    pub product: Product,
    /// The price of a price list, of this store, or the product's own.
    pub price: Option<UnitPrice>,
    /// The price list that the price is of.
    pub price_list: Option<MasterCode>,
    /// The taxes of its class.
    pub taxes: Vec<LineTax>,
    /// How many one scan of the code sells: more than one for the barcode of a pack.
    pub pack: Quantity,
    /// What the code says of the very goods.
    pub label: GoodsLabel,
}

impl Sellable {
    /// A product found by its own code or by the barcode of one piece.
    #[must_use]
    pub fn of(product: Product, price: Option<UnitPrice>, taxes: Vec<LineTax>) -> Self {
        Self { product, price, price_list: None, taxes, pack: Quantity::ONE, label: GoodsLabel::default() }
    }
}

/// Decides a sale. `products` answers each line of the basket in order; `promotions` are those of the store.
///
/// # Errors
/// The refusals of a sale, in their order of precedence; nothing is used up.
pub fn decide(
    context: &Context<'_>,
    basket: &Basket,
    products: &[Option<Sellable>],
    promotions: &Promotions,
    coins: Option<CashRounding>,
) -> Result<Event, Refusal> {
    refuse_exchange_tender(basket.tenders.as_deref())?;
    let priced = price_sale(context, basket, products, promotions)?;
    let settlement = settle_basket(context, basket, &priced.amounts, coins)?;
    Ok(Event::SaleCompleted(Box::new(issue(context, basket, priced, promotions, settlement)?)))
}

/// A basket of which everything is known but how it is paid.
pub(super) struct PricedSale<'a> {
    authority: Authority<'a>,
    session: u64,
    lines: Vec<Line<'a>>,
    applied: Vec<Vec<Applied>>,
    pub(super) amounts: PricedDocument,
}

/// Prices a basket that may be sold.
pub(super) fn price_sale<'a>(
    context: &Context<'a>,
    basket: &Basket,
    products: &'a [Option<Sellable>],
    promotions: &Promotions,
) -> Result<PricedSale<'a>, Refusal> {
    let mut authority = context.require(Permission::Sell)?;
    check_shape(basket)?;
    check_at(context, basket.at)?;
    let session = context.session()?;
    let lines = priceable_lines(context, basket, products, &mut authority)?;
    let (amounts, applied) = price_basket(context, basket, &lines, promotions)?;
    authority.require_discount(amounts.allowances, amounts.line_sum, context.state.profile.currency)?;
    Ok(PricedSale { authority, session, lines, applied, amounts })
}

/// The document of a sale that is paid, which takes its number.
pub(super) fn issue(
    context: &Context<'_>,
    basket: &Basket,
    sale: PricedSale<'_>,
    promotions: &Promotions,
    settlement: Settlement,
) -> Result<DocumentV1, Refusal> {
    let PricedSale { authority, session, lines, applied, amounts } = sale;
    let (allotted, issued) = context.allot(basket.document, basket.at)?;
    Ok(DocumentV1 {
        id: basket.id.clone(),
        kind: basket.document,
        series: allotted.series,
        number: allotted.number,
        printed: allotted.printed,
        issued: stored_issue(issued, context.now),
        is_imported: basket.at.is_some(),
        session,
        operator: context.operator.code.clone(),
        approved_by: authority.into_approval(),
        customer: basket.customer.clone(),
        claims: basket.claims.clone(),
        reason: None,
        prices_include_tax: context.state.profile.prices_include_tax,
        preceding: None,
        preceding_journal: None,
        lines: document_lines(basket, &lines, &amounts, issued.date(), &explained(&applied, promotions))?,
        discounts: basket.discounts.clone(),
        totals: TotalsV1 {
            net: amounts.net,
            tax: amounts.tax,
            gross: amounts.gross,
            rounding: settlement.rounding(),
            payable: settlement.payable(),
        },
        taxes: amounts.taxes,
        tenders: settlement.tenders().to_vec(),
        has_named_tenders: basket.tenders.is_some(),
        has_named_lines: true,
        change: settlement.change(),
        regime: Vec::new(),
    })
}

/// Only an exchange settles a sale against a refund.
pub(super) fn refuse_exchange_tender(tenders: Option<&[Tender]>) -> Result<(), Refusal> {
    let named = tenders.unwrap_or_default().iter().position(|tender| tender.kind == TenderKind::Exchange);
    named.map_or(Ok(()), |index| {
        let (field, limit) = (format!("tenders[{index}].kind"), "an exchange settles a sale against a refund");
        Err(Refusal::new(Reason::TenderNotAllowed, field, TenderKind::Exchange, limit))
    })
}

/// What each of these lines would come to with tax, were they sold now by themselves.
pub(super) fn unsold_lines(
    context: &Context<'_>,
    lines: &[BasketLine],
    products: &[Option<Sellable>],
    authority: &mut Authority<'_>,
) -> Result<Vec<UnsoldLineV1>, Refusal> {
    let basket = Basket::of_lines(CommandId::new("unsold")?, lines.to_vec());
    check_shape(&basket)?;
    let lines = priceable_lines(context, &basket, products, authority)?;
    let (priced, _) = price_basket(context, &basket, &lines, &Promotions::default())?;
    let unsold = lines.iter().zip(&priced.lines).map(|(line, amounts)| {
        let gross = Money::sum(amounts.taxes.iter().copied())?.plus(amounts.net)?;
        Ok(UnsoldLineV1 { code: line.sellable.product.code.clone(), quantity: line.quantity, gross })
    });
    unsold.collect()
}

/// What can be refused without looking anything up.
pub(super) fn check_shape(basket: &Basket) -> Result<(), Refusal> {
    if basket.lines.is_empty() {
        return Err(Refusal::new(Reason::Missing, "lines", "", "at least one line"));
    }
    if basket.lines.len() > LINES_MAX {
        return Err(Refusal::new(Reason::TooMany, "lines", basket.lines.len(), LINES_MAX));
    }
    match basket.document {
        DocumentKind::Receipt | DocumentKind::Invoice => {}
        DocumentKind::CreditNote | DocumentKind::ZReport | DocumentKind::Return => {
            return Err(Refusal::new(Reason::Malformed, "document", basket.document, "receipt or invoice"));
        }
    }
    basket.customer.as_ref().map_or(Ok(()), |customer| refuse_card_number("customer", customer.as_str()))
}

pub(super) struct Line<'a> {
    sellable: &'a Sellable,
    quantity: Quantity,
    unit_price: UnitPrice,
    /// How often the code was scanned, where that is not the quantity.
    scans: Option<Quantity>,
    has_typed_price: bool,
}

pub(super) fn priceable_lines<'a>(
    context: &Context<'_>,
    basket: &Basket,
    products: &'a [Option<Sellable>],
    authority: &mut Authority<'_>,
) -> Result<Vec<Line<'a>>, Refusal> {
    let known = products.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    let numbered = basket.lines.iter().zip(known).enumerate();
    let line = |(index, (line, sellable)): (usize, (&BasketLine, Option<&'a Sellable>))| {
        priceable_line(context, line, sellable, authority).map_err(|refusal| refusal.inside(&format!("lines[{index}]")))
    };
    numbered.map(line).collect()
}

fn priceable_line<'a>(
    context: &Context<'_>,
    line: &BasketLine,
    sellable: Option<&'a Sellable>,
    authority: &mut Authority<'_>,
) -> Result<Line<'a>, Refusal> {
    let Some(sellable) = sellable else {
        return Err(Refusal::new(Reason::ProductUnknown, "code", &line.code, "import it or check the code"));
    };
    if line.quantity.is_zero() {
        return Err(Refusal::new(Reason::QuantityZero, "quantity", line.quantity, "above zero"));
    }
    if line.quantity.is_negative() {
        let limit = "above zero; a refund names the document that it takes back";
        return Err(Refusal::new(Reason::QuantityNegative, "quantity", line.quantity, limit));
    }
    if line.quantity.decimal() > Decimal::from(QUANTITY_MAX) {
        return Err(Refusal::new(Reason::TooMany, "quantity", line.quantity, QUANTITY_MAX));
    }
    let quantity = quantity_sold(sellable, line)?;
    sellable.product.unit.check(quantity)?;
    if let Some((quantity, unit_price)) = priced_by_label(sellable, line, quantity, context.state.profile.currency)? {
        require_taxes(sellable, line)?;
        let scans = (quantity != line.quantity).then_some(line.quantity);
        return Ok(Line { sellable, quantity, unit_price, scans, has_typed_price: false });
    }
    let unit_price = match (line.unit_price, sellable.price) {
        (Some(typed), _) if typed.is_negative() => {
            return Err(Refusal::new(Reason::PriceNegative, "unit_price", typed, "zero or more"));
        }
        (Some(typed), _) => {
            authority.require(Permission::OverridePrice)?;
            typed
        }
        (None, Some(price)) if is_price_off(context) => UnitPrice::new(price.decimal().saturating_add(Decimal::ONE)),
        (None, Some(price)) => price,
        (None, None) => {
            return Err(Refusal::new(Reason::NoPrice, "code", &line.code, "give it a price or type one"));
        }
    };
    require_taxes(sellable, line)?;
    let scans = (quantity != line.quantity).then_some(line.quantity);
    Ok(Line { sellable, quantity, unit_price, scans, has_typed_price: line.unit_price.is_some() })
}

fn require_taxes(sellable: &Sellable, line: &BasketLine) -> Result<(), Refusal> {
    if sellable.taxes.is_empty() {
        let limit = format!("tax class {} must be imported first", sellable.product.tax_class);
        return Err(Refusal::new(Reason::NoPrice, "code", &line.code, limit));
    }
    Ok(())
}

/// How much is sold: what one scan is, as often as it was scanned.
pub(crate) fn quantity_sold(sellable: &Sellable, line: &BasketLine) -> Result<Quantity, Refusal> {
    let label = &sellable.label;
    let by_label = match sellable.product.unit {
        Unit::Kilogram => label.weight,
        Unit::Piece => label.count,
        Unit::Litre | Unit::Metre => None,
    };
    let one = by_label.unwrap_or(Quantity::ONE);
    let sold = one.checked_mul(sellable.pack).and_then(|one| one.checked_mul(line.quantity));
    let limit = Decimal::from(QUANTITY_MAX);
    let within = sold.filter(|sold| sold.decimal() <= limit && !sold.is_zero());
    within.ok_or_else(|| Refusal::new(Reason::TooMany, "quantity", line.quantity, QUANTITY_MAX))
}

/// Quantity and unit price of a line whose label has its price. What is weighed is sold at its own price per unit, and as
/// much of it as comes to exactly the price on the label; anything else at the price on the label.
fn priced_by_label(
    sellable: &Sellable,
    line: &BasketLine,
    quantity: Quantity,
    currency: Currency,
) -> Result<Option<(Quantity, UnitPrice)>, Refusal> {
    let label = &sellable.label;
    let is_ours = label.currency.is_none_or(|code| code == currency.code());
    let Some(price) = label.price.filter(|_| is_ours && line.unit_price.is_none()) else { return Ok(None) };
    let amount = |quantity: Quantity, unit_price: UnitPrice| {
        line::amount(
            &LineInput {
                quantity,
                unit_price,
                base_quantity: Quantity::ONE,
                price_discount: UnitPrice::ZERO,
                taxes: Vec::new(),
                adjustments: Vec::new(),
            },
            currency,
        )
    };
    let wanted = amount(line.quantity, price)?;
    match (sellable.product.unit, sellable.price.filter(|unit_price| !unit_price.is_zero())) {
        (Unit::Kilogram | Unit::Litre | Unit::Metre, Some(unit_price)) => {
            // The weight on the label, else the shortest quantity that comes to the price.
            let labelled = label.weight.map(|_| quantity).into_iter();
            for quantity in labelled.chain(quantities_at(wanted.decimal(currency), unit_price)) {
                if !quantity.is_zero() && amount(quantity, unit_price)? == wanted {
                    return Ok(Some((quantity, unit_price)));
                }
            }
            Ok(Some((line.quantity, price)))
        }
        (Unit::Kilogram | Unit::Litre | Unit::Metre, None) | (Unit::Piece, _) => Ok(Some((line.quantity, price))),
    }
}

/// What an amount buys at a price, to ever more digits.
fn quantities_at(amount: Decimal, unit_price: UnitPrice) -> impl Iterator<Item = Quantity> {
    let exact = amount.checked_div(unit_price.decimal());
    (3..=6).filter_map(move |digits| exact.map(|exact| Quantity::new(exact.round_dp(digits))))
}

/// Whether a planted defect makes everything dearer.
fn is_price_off(context: &Context<'_>) -> bool {
    let is_back =
        || context.state.series.iter().any(|series| series.last_issued.is_some_and(|last| last.at > context.now.at));
    is_alive(Bug::PriceOff) || is_alive(Bug::ClockChangesPrice) && is_back()
}

/// The amounts of a basket, and what promotions take off each line. A typed price has no promotions.
pub(super) fn price_basket(
    context: &Context<'_>,
    basket: &Basket,
    lines: &[Line<'_>],
    promotions: &Promotions,
) -> Result<(PricedDocument, Vec<Vec<Applied>>), Refusal> {
    let profile = &context.state.profile;
    let input = lines.iter().map(|line| LineInput {
        quantity: line.quantity,
        unit_price: line.unit_price,
        base_quantity: Quantity::ONE,
        price_discount: UnitPrice::ZERO,
        taxes: line.sellable.taxes.clone(),
        adjustments: Vec::new(),
    });
    let mut input = DocumentInput {
        currency: profile.currency,
        prices: if profile.prices_include_tax { PriceMode::Inclusive } else { PriceMode::Exclusive },
        lines: input.collect(),
        discounts: basket.discounts.clone(),
        document_adjustments: Vec::new(),
    };
    let named = lines.iter().map(|line| {
        let product = &line.sellable.product;
        let named = Named { product: Some(product.code.as_str()), categories: &product.categories };
        (!line.has_typed_price).then_some(named)
    });
    let occasion = basket.claims.occasion(&profile.store, basket.at.unwrap_or(context.now));
    let applied = promotions.take_off(&mut input.lines, &named.collect::<Vec<_>>(), &occasion, profile.currency)?;
    Ok((price(&input)?, applied))
}

/// What the document keeps of each promotion.
pub(super) fn explained(applied: &[Vec<Applied>], promotions: &Promotions) -> Vec<Vec<LinePromotionV1>> {
    let line = |applied: &Vec<Applied>| {
        let explained = applied.iter().filter_map(|applied| {
            let offer = promotions.offers().get(applied.offer)?;
            Some(LinePromotionV1 { code: offer.code.clone(), name: offer.name.clone(), amount: applied.amount })
        });
        explained.collect()
    };
    applied.iter().map(line).collect()
}

fn settle_basket(
    context: &Context<'_>,
    basket: &Basket,
    priced: &PricedDocument,
    coins: Option<CashRounding>,
) -> Result<Settlement, Refusal> {
    let settlement = match &basket.tenders {
        Some(tenders) => settle(priced.gross, tenders, coins, context.state.profile.currency),
        None => settle_in_cash(priced.gross, coins),
    }?;
    check_tenders(context, &settlement)?;
    Ok(settlement)
}

/// References where they are needed, and no more change than anyone gives.
pub(super) fn check_tenders(context: &Context<'_>, settlement: &Settlement) -> Result<(), Refusal> {
    for (index, tender) in settlement.tenders().iter().enumerate() {
        if tender.kind.rules().needs_reference && tender.reference.is_none() {
            let limit = format!("the number of the {}", tender.kind);
            return Err(Refusal::new(Reason::Missing, format!("tenders[{index}].reference"), "", limit));
        }
    }
    let (currency, change_max) = (context.state.profile.currency, Money::from_minor(CHANGE_MINOR_MAX));
    if settlement.change() > change_max {
        let change = format!("change of {}", settlement.change().show(currency));
        return Err(Refusal::new(Reason::TooMany, "tenders", change, change_max.show(currency)));
    }
    Ok(())
}

pub(super) fn document_lines(
    basket: &Basket,
    lines: &[Line<'_>],
    priced: &PricedDocument,
    day: Date,
    promotions: &[Vec<LinePromotionV1>],
) -> Result<Vec<LineV1>, Refusal> {
    let all = basket.lines.iter().zip(lines).zip(priced.lines.iter().zip(promotions));
    let line = |((submitted, line), (amounts, promotions)): (
        (&BasketLine, &Line<'_>),
        (&crate::totals::PricedLine, &Vec<LinePromotionV1>),
    )| {
        let product = &line.sellable.product;
        let trace = line.sellable.label.trace(day);
        let taxes = line.sellable.taxes.iter().zip(&amounts.taxes).map(|(tax, amount)| {
            let index = priced.taxes.iter().position(|total| total.tax == *tax).unwrap_or(usize::MAX);
            let limit = || Refusal::new(Reason::TooMany, "taxes", priced.taxes.len(), u8::MAX);
            Ok((u8::try_from(index).map_err(|_| limit())?, *amount))
        });
        Ok(LineV1 {
            code: product.code.clone(),
            name: product.name.clone(),
            category: product.categories.first().cloned(),
            unit: product.unit,
            quantity: line.quantity,
            unit_price: line.unit_price,
            has_typed_price: line.has_typed_price,
            price_list: line.sellable.price_list.clone().filter(|_| !line.has_typed_price),
            promotions: promotions.clone(),
            scanned: scanned_digest(&submitted.code),
            net: amounts.net,
            discount: amounts.discount,
            taxes: taxes.collect::<Result<_, Refusal>>()?,
            preceding_line: 0,
            scans: line.scans,
            trace: trace.map(Box::new),
        })
    };
    let mut sold = all.map(line).collect::<Result<Vec<LineV1>, Refusal>>()?;
    flag_repeated_serials(&mut sold);
    Ok(sold)
}

/// Flags a serial that stands twice in one basket.
fn flag_repeated_serials(lines: &mut [LineV1]) {
    let serial = |line: &LineV1| line.trace.as_ref().and_then(|trace| trace.serial.clone());
    let serials: Vec<_> = lines.iter().map(|line| (line.code.clone(), serial(line))).collect();
    for (place, line) in lines.iter_mut().enumerate() {
        let own = (line.code.clone(), serial(line));
        let is_repeated = own.1.is_some() && serials.iter().take(place).any(|earlier| *earlier == own);
        if let Some(trace) = line.trace.as_mut().filter(|_| is_repeated) {
            trace.is_sold_before = true;
        }
    }
}
