//! What a sale is compared with: the same facts, or the same bytes, stored on the same disk by other means.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use counterfoil_core::document::DocumentV1;
use counterfoil_core::id::ProductCode;
use counterfoil_core::till::Issued;
use rusqlite::{Connection, params};

/// Stores what one sale made, durably.
pub(crate) trait Peer {
    fn store(&mut self, sale: &Issued);

    /// Stores earlier sales, durable only at the end.
    fn store_earlier(&mut self, sales: &[Issued]);
}

fn connection(path: &Path, schema: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(schema).unwrap();
    connection
}

const TABLES: &str = "
    create table journal (seq integer primary key, hash blob not null, entry blob not null);
    create table sale (seq integer primary key, number text not null unique, id text not null unique, kind integer not null,
        issued integer not null, session integer not null, operator text not null, net integer not null,
        tax integer not null, gross integer not null, rounding integer not null, payable integer not null,
        change integer not null);
    create table line (seq integer not null, line integer not null, product text not null, name text not null,
        unit integer not null, quantity text not null, price text not null, net integer not null, tax integer not null,
        primary key (seq, line)) without rowid;
    create table sale_tax (seq integer not null, place integer not null, rate text not null, taxable integer not null,
        amount integer not null, primary key (seq, place)) without rowid;
    create table tender (seq integer not null, place integer not null, kind text not null, amount integer not null,
        primary key (seq, place)) without rowid;
    create table cash (seq integer primary key, session integer not null, amount integer not null);
    create table counter (series text primary key, last integer not null) without rowid;
    create table stock (product text primary key, thousandths integer not null) without rowid;
";

/// SQLite with a table for each kind of fact.
pub(crate) struct Normalised(Connection);

impl Normalised {
    pub(crate) fn new(path: &Path, products: &[ProductCode]) -> Self {
        let mut connection = connection(path, TABLES);
        let tx = connection.transaction().unwrap();
        for product in products {
            tx.execute("insert into stock values (?, 0)", params![product.as_str()]).unwrap();
        }
        tx.commit().unwrap();
        Self(connection)
    }
}

impl Peer for Normalised {
    fn store(&mut self, sale: &Issued) {
        let tx = self.0.transaction().unwrap();
        insert(&tx, sale);
        tx.commit().unwrap();
    }

    fn store_earlier(&mut self, sales: &[Issued]) {
        let tx = self.0.transaction().unwrap();
        sales.iter().for_each(|sale| insert(&tx, sale));
        tx.commit().unwrap();
    }
}

fn insert(tx: &Connection, sale: &Issued) {
    let (entry, document) = (&sale.entry, &sale.document);
    let seq = i64::try_from(entry.seq()).unwrap();
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        tx.prepare_cached(sql).unwrap().execute(values).unwrap();
    };
    run("insert into journal values (?, ?, ?)", params![seq, entry.hash().0, entry.bytes()]);
    insert_sale(seq, sale, &run);
    for (place, line) in (1_i64..).zip(&document.lines) {
        let (quantity, price) = (line.quantity.to_string(), line.unit_price.to_string());
        let (code, unit, tax) = (line.code.as_str(), line.unit as i64, line.tax().unwrap().minor());
        run(
            "insert into line values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![seq, place, code, line.name.as_str(), unit, quantity, price, line.net.minor(), tax],
        );
        let sql =
            "insert into stock values (?1, -?2) on conflict (product) do update set thousandths = thousandths - ?2";
        run(sql, params![code, thousandths(&quantity)]);
    }
    for (place, tax) in (1_i64..).zip(&document.taxes) {
        let (rate, taxable) = (tax.tax.rate.to_string(), tax.taxable.minor());
        run("insert into sale_tax values (?, ?, ?, ?, ?)", params![seq, place, rate, taxable, tax.amount.minor()]);
    }
    for (place, tender) in (1_i64..).zip(&document.tenders) {
        let (kind, amount) = (tender.kind.as_str(), tender.amount.minor());
        run("insert into tender values (?, ?, ?, ?)", params![seq, place, kind, amount]);
    }
    let (session, cash) = (i64::try_from(document.session).unwrap(), document.cash().unwrap().minor());
    run("insert into cash values (?, ?, ?)", params![seq, session, cash]);
    let (series, last) = (document.series.as_str(), i64::try_from(document.number).unwrap());
    let sql = "insert into counter values (?, ?) on conflict (series) do update set last = excluded.last";
    run(sql, params![series, last]);
}

fn insert_sale(seq: i64, sale: &Issued, run: &dyn Fn(&str, &[&dyn rusqlite::ToSql])) {
    let DocumentV1 { id, kind, printed, operator, totals, change, .. } = &sale.document;
    let (session, kind) = (i64::try_from(sale.document.session).unwrap(), *kind as i64);
    let minor = [totals.net, totals.tax, totals.gross, totals.rounding, totals.payable, *change];
    let [net, tax, gross, rounding, payable, change] = minor.map(|money| money.minor());
    let (printed, id, issued) = (printed.as_str(), id.as_str(), sale.entry.now().at.0);
    run(
        "insert into sale values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![seq, printed, id, kind, issued, session, operator.as_str(), net, tax, gross, rounding, payable, change],
    );
}

/// The quantities of this shop are whole.
fn thousandths(quantity: &str) -> i64 {
    quantity.parse::<i64>().unwrap() * 1_000
}

/// SQLite with the entry in one row and its number as the key.
pub(crate) struct Blob(Connection);

impl Blob {
    pub(crate) fn new(path: &Path) -> Self {
        Self(connection(
            path,
            "create table sale (seq integer primary key, number text not null unique, entry blob not null)",
        ))
    }

    fn insert(tx: &Connection, sale: &Issued) {
        let seq = i64::try_from(sale.entry.seq()).unwrap();
        let mut insert = tx.prepare_cached("insert into sale values (?, ?, ?)").unwrap();
        insert.execute(params![seq, sale.document.printed.as_str(), sale.entry.bytes()]).unwrap();
    }
}

impl Peer for Blob {
    fn store(&mut self, sale: &Issued) {
        let tx = self.0.transaction().unwrap();
        Self::insert(&tx, sale);
        tx.commit().unwrap();
    }

    fn store_earlier(&mut self, sales: &[Issued]) {
        let tx = self.0.transaction().unwrap();
        sales.iter().for_each(|sale| Self::insert(&tx, sale));
        tx.commit().unwrap();
    }
}

/// A file that grows by each entry.
pub(crate) struct Append(File);

impl Append {
    pub(crate) fn new(path: &Path) -> Self {
        Self(OpenOptions::new().create_new(true).append(true).open(path).unwrap())
    }
}

impl Peer for Append {
    fn store(&mut self, sale: &Issued) {
        self.0.write_all(sale.entry.bytes()).unwrap();
        self.0.sync_data().unwrap();
    }

    fn store_earlier(&mut self, sales: &[Issued]) {
        sales.iter().for_each(|sale| self.0.write_all(sale.entry.bytes()).unwrap());
        self.0.sync_data().unwrap();
    }
}

const OVERWRITTEN_BYTES: u64 = 64 << 20;

/// A file that has its length already and is written over, round and round.
pub(crate) struct Overwrite {
    file: File,
    at: u64,
}

impl Overwrite {
    pub(crate) fn new(path: &Path) -> Self {
        let mut file = OpenOptions::new().create_new(true).write(true).open(path).unwrap();
        for _ in 0..OVERWRITTEN_BYTES >> 20 {
            file.write_all(&[1; 1 << 20]).unwrap();
        }
        file.sync_all().unwrap();
        Self { file, at: 0 }
    }
}

impl Peer for Overwrite {
    fn store(&mut self, sale: &Issued) {
        let bytes = sale.entry.bytes();
        self.at = if self.at + (bytes.len() as u64) < OVERWRITTEN_BYTES { self.at } else { 0 };
        self.file.write_all_at(bytes, self.at).unwrap();
        self.at += bytes.len() as u64;
        self.file.sync_data().unwrap();
    }

    fn store_earlier(&mut self, _: &[Issued]) {}
}
