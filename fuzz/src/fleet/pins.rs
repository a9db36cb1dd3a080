//! Somebody guesses a PIN: a few wrong ones, a power cut in between, and then the right one.
//!
//! Each try is stored before the PIN is compared, so that neither a restart nor a crash gives tries back.

use counterfoil_core::operator::Pin;
use counterfoil_node::failure::Failure;

use super::fault::FaultKind;
use super::history::{PinTried, What};
use super::shop;
use super::world::World;

/// How many wrong PINs are tried.
const WRONG_TRIES: usize = 7;

impl World {
    /// Somebody tries wrong PINs at a till, which loses power in the middle of it, and then the right one.
    pub(crate) fn guess_pins(&mut self, seat: usize) {
        if !self.seats[seat].device.borrow().is_up() || self.seats[seat].exchange.is_some() {
            return;
        }
        self.fault(FaultKind::WrongPins);
        self.tell(format_args!("somebody guesses a PIN at {}", self.name(seat)));
        for number in 0..=WRONG_TRIES {
            let is_right = number == WRONG_TRIES;
            let pin = Pin::typed(if is_right { shop::PIN_TEXT } else { "000000" });
            let device = self.device(seat);
            let now = device.borrow().now();
            let operator = shop::operator_code(shop::MANAGER);
            let tried = device.borrow_mut().act(|till| till.identify(Some(&operator), Some(&pin), now));
            if self.has_lost_power(seat) {
                return;
            }
            let code = match &tried {
                Ok(_) => String::new(),
                Err(Failure::Refused(refusal)) => refusal.code().to_owned(),
                Err(failure @ (Failure::Usage(_) | Failure::Damaged(_))) => return self.judge_failure(seat, failure),
            };
            let is_let_in = tried.is_ok();
            let operator = shop::MANAGER.to_owned();
            self.see(What::Pin(PinTried { device: seat, operator, is_right, is_let_in, code }));
            if number == WRONG_TRIES / 2 {
                self.lose_power(seat);
                self.switch_on(seat);
                if !self.seats[seat].device.borrow().is_up() {
                    return;
                }
            }
        }
    }
}
