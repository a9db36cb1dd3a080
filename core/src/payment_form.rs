//! The payment forms of other systems and other languages, read as kinds of tender.
//!
//! Accents, capitals, spaces and punctuation do not matter. Names are of English, Spanish, German, French, Portuguese,
//! Italian and Croatian tills, with the payment services that people name by their brand. What is not known is refused,
//! naming the nearest. Example: `Tarjeta de crédito`, `Karte` and `CB` are all a card.

use crate::refusal::{Reason, Refusal};
use crate::tender::TenderKind;

/// The longest name that is looked at, in bytes.
const BYTES_MAX: usize = 200;

/// Names by kind, folded as `fold` does.
const NAMES: [(TenderKind, &str); 7] = [
    (
        TenderKind::Cash,
        "cash coins notes money hardcash cashpayment cashsale cashondelivery efectivo contado alcontado encontado \
         enefectivo metalico enmetalico dinero moneda plata pagoenefectivo pagocontado bar barzahlung bargeld barverkauf \
         barbezahlt inbar kasse especes espece enespeces liquide argentliquide comptant aucomptant numeraire especie \
         dinheiro emdinheiro numerario avista pagamentoavista contanti incontanti contante denaro cassa pagamentocontanti \
         gotovina ugotovini gotovinom gotovinski novac novcanice g",
    ),
    (
        TenderKind::Card,
        "card cards bankcard creditcard debitcard credit debit creditordebitcard cardpayment paymentcard cardpresent pos \
         terminal eftpos eft chipandpin contactless interac visa mastercard maestro amex americanexpress visaelectron vpay \
         dinersclub diners discover jcb unionpay applepay googlepay samsungpay sumup zettle izettle stripe square tarjeta \
         tarjetas contarjeta tarjetabancaria tarjetadecredito tarjetacredito tarjetadedebito tarjetadebito datafono \
         tpv redsys debito karte karten kartenzahlung eckarte ec girocard kreditkarte debitkarte bankkarte bankomatkarte \
         bankomat postcard carte cartes cartebancaire cartesbancaires cartebleue cb cartedecredit cartededebit tpe \
         sanscontact cartao cartoes cartaodecredito cartaodedebito cartaocredito cartaodebito cartaobancario multibanco mb \
         tpa maquininha carta cartadicredito cartadidebito cartacredito cartadebito cartabancaria bancomat pagobancomat \
         pagamentocarta cartesystem elo hipercard kartica kartice karticom karticno kreditnakartica debitnakartica \
         bankovnakartica karticnoplacanje k",
    ),
    (
        TenderKind::Transfer,
        "transfer banktransfer wire wiretransfer bankwire ach sepa sepatransfer creditorder bacs fasterpayment zelle \
         transferencia transferenciabancaria transf bizum giro ingreso ingresobancario spei pse yape plin uberweisung \
         ueberweisung bankuberweisung bankueberweisung sofort sofortuberweisung lastschrift sepalastschrift vorkasse \
         virement virementbancaire virementsepa prelevement prelevementsepa transferenciamb pix mbway boleto ted doc \
         bonifico bonificobancario bonificosepa satispay postagiro virman transakcijskiracun prijenos bankovniprijenos \
         uplatnica internetbankarstvo aircash keks kekspay twint swish vipps mobilepay paypal klarna t",
    ),
    (
        TenderKind::Voucher,
        "voucher vouchers coupon coupons luncheonvoucher mealvoucher foodstamp foodstamps ebt vale vales bono bonos cupon \
         cupones ticketrestaurant ticketrestaurante tickettrestaurant chequerestaurante valecomida sodexo edenred pluxee \
         gutschein gutscheine essensmarke essensgutschein wertgutschein bon bons bondachat bonsdachat ticketresto \
         chequedejeuner titrerestaurant titresrestaurant chequevacances valerefeicao valealimentacao cartaorefeicao \
         cupao buono buoni buonopasto buonipasto ticketpasto bonovi bonzakupnju kupon kuponi vrijednosnikupon",
    ),
    (
        TenderKind::GiftCard,
        "giftcard giftcards giftcertificate giftvoucher prepaidcard tarjetaregalo tarjetaderegalo chequeregalo bonoregalo \
         valeregalo geschenkkarte geschenkgutschein geschenkkarten cartecadeau chequecadeau boncadeau cartaooferta \
         cartaopresente cartaodeoferta chequeoferta chequeprenda valepresente valeoferta cartaregalo buonoregalo \
         giftkarte poklonkartica poklonbon poklonbonovi darovnakartica darovnibon",
    ),
    (
        TenderKind::StoreCredit,
        "storecredit shopcredit creditnote refundcredit creditvoucher saldo saldoafavor creditodetienda creditotienda \
         valedecompra valedevolucion valeabono abono notadecredito notadeabono guthaben gutschrift warengutschrift \
         ladenguthaben avoir avoirclient notedecredit creditmagasin creditodeloja creditoloja valedevolucao notacredito \
         creditonegozio buonoacquisto buonoreso notadiaccredito kreditnota odobrenje kredittrgovine",
    ),
    (
        TenderKind::CustomerAccount,
        "customeraccount account onaccount houseaccount tab ontab paylater invoice billed onaccountsale cuenta acuenta \
         cuentacliente cuentacorriente cuentadecliente fiado aplazado pendiente acredito rechnung aufrechnung \
         kundenkonto konto anschreiben zielkauf kaufaufrechnung compte compteclient encompte surcompte credtclient \
         enattente facture contacliente contacorrente conta acrediario crediario fiada aprazo contocliente conto \
         sulconto incontosospeso acredit racun naracun racunkupca narateodgoda odgoda odgodaplacanja veresija",
    ),
];

/// Reads the name of a payment form in any of the known languages.
///
/// # Errors
/// `malformed`, naming the known name that is nearest, and what it stands for.
pub fn read(text: &str) -> Result<TenderKind, Refusal> {
    let folded = fold(text.get(..BYTES_MAX).unwrap_or(text));
    if let Some(kind) = TenderKind::NAMED.into_iter().find(|kind| fold(kind.as_str()) == folded) {
        return Ok(kind);
    }
    let names = || NAMES.iter().flat_map(|(kind, names)| names.split_whitespace().map(move |name| (*kind, name)));
    if let Some((kind, _)) = names().find(|(_, name)| *name == folded) {
        return Ok(kind);
    }
    let own = TenderKind::NAMED.iter().map(|kind| (*kind, kind.as_str()));
    let nearest = own.chain(names()).min_by_key(|(_, name)| distance(&folded, name));
    let near = match nearest {
        Some((kind, name)) if name == kind.as_str() => format!("nearest is {kind}"),
        Some((kind, name)) => format!("nearest is {name}, a {kind}"),
        None => String::new(),
    };
    let all = TenderKind::NAMED.map(TenderKind::as_str).join(", ");
    Err(Refusal::new(Reason::Malformed, "kind", text, format!("{all}, or a name of one ({near})")))
}

/// Small letters without accents, and digits; nothing else.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => folded.push(letter),
            'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ą' | 'ă' => folded.push('a'),
            'ç' | 'č' | 'ć' => folded.push('c'),
            'đ' | 'ď' => folded.push('d'),
            'é' | 'è' | 'ê' | 'ë' | 'ě' | 'ę' => folded.push('e'),
            'í' | 'ì' | 'î' | 'ï' => folded.push('i'),
            'ł' => folded.push('l'),
            'ñ' | 'ń' | 'ň' => folded.push('n'),
            'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' | 'ő' => folded.push('o'),
            'ř' => folded.push('r'),
            'š' | 'ś' | 'ș' => folded.push('s'),
            'ß' => folded.push_str("ss"),
            'ť' | 'ț' => folded.push('t'),
            'ú' | 'ù' | 'û' | 'ü' | 'ů' | 'ű' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'ž' | 'ź' | 'ż' => folded.push('z'),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            // Combining accents, spaces, hyphens and the like say nothing.
            _ => {}
        }
    }
    folded
}

/// How many letters must be added, dropped or replaced to make one word of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (place, expected) in row.iter_mut().skip(1).zip(&other) {
            let replaced = if letter == *expected { diagonal } else { diagonal.saturating_add(1) };
            diagonal = *place;
            left = replaced.min(left.saturating_add(1)).min(diagonal.saturating_add(1));
            *place = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn check(kind: TenderKind, names: &[&str]) {
        for name in names {
            assert_eq!(read(name).unwrap_or_else(|refusal| panic!("{name}: {refusal}")), kind, "{name}");
        }
    }

    #[test]
    fn the_same_form_has_many_names() {
        check(TenderKind::Cash, &["cash", "CASH", "Efectivo", "al contado", "en metálico", "bar", "Barzahlung"]);
        check(TenderKind::Cash, &["espèces", "liquide", "dinheiro", "contanti", "gotovina", "Novčanice", "G"]);
        check(TenderKind::Card, &["card", "Tarjeta", "tarjeta de crédito", "Karte", "EC-Karte", "girocard", "CB"]);
        check(TenderKind::Card, &["carte bancaire", "cartão", "Multibanco", "bancomat", "kartica", "debitna kartica"]);
        check(TenderKind::Transfer, &["bizum", "Überweisung", "virement", "bonifico", "Virman", "PIX", "MB WAY"]);
        check(TenderKind::Voucher, &["vale", "Gutschein", "titre-restaurant", "buono pasto", "ticket restaurant"]);
        check(TenderKind::GiftCard, &["gift-card", "gift card", "tarjeta regalo", "Geschenkkarte", "poklon bon"]);
        check(TenderKind::StoreCredit, &["store_credit", "nota de crédito", "Guthaben", "avoir", "crédito de loja"]);
        check(TenderKind::CustomerAccount, &["on account", "fiado", "auf Rechnung", "Kundenkonto", "na račun"]);
        check(TenderKind::ForeignCash, &["foreign cash"]);
        // An accent that stands as a character of its own.
        check(TenderKind::Cash, &["espe\u{300}ces"]);
    }

    fn refused(name: &str, nearest: &str) {
        let refusal = read(name).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), ("malformed", "kind"), "{name}");
        assert!(refusal.limit().ends_with(&format!("(nearest is {nearest})")), "{name}: {refusal}");
    }

    #[test]
    fn an_unknown_form_is_refused_and_the_nearest_named() {
        refused("efectivvo", "efectivo, a cash");
        refused("tarjetta", "tarjeta, a card");
        refused("cach", "cash");
        refused("bonifco", "bonifico, a transfer");
        refused("gift-cart", "giftcard, a gift-card");
        assert_eq!(read("").unwrap_err().code(), "malformed");
        assert_eq!(read(&"x".repeat(100_000)).unwrap_err().code(), "malformed");
    }

    #[test]
    fn no_name_stands_for_two_kinds_and_all_are_folded() {
        let mut known = BTreeMap::new();
        for (kind, names) in NAMES {
            for name in names.split_whitespace() {
                assert_eq!(fold(name), name, "{name} can never be met");
                assert_eq!(known.insert(name, kind), None, "{name} stands twice");
            }
        }
        assert!(known.len() > 300, "{} names", known.len());
    }

    #[test]
    fn a_distance_counts_letters() {
        for (one, other, expected) in
            [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("a", "b", 1)]
        {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }
}
