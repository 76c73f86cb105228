//! Opening encrypted entries with passwords.
//!
//! Each claim of an entry's headers may describe another lock: where the data end and how they are
//! compressed is the claim's. A password fits where the data that it gives bear a claim out: the
//! authentication code of AES, else size and checksum. Every trial is charged before it is made, and
//! so is every byte that is decrypted.

use super::member::{Outcome, Plain};
use super::records::{CENTRAL, Claim, DESCRIPTOR, END, LOCAL};
use super::traditional::{Cipher, HEADER};
use super::winzip::{self, Field, Keys, Parts};
use crate::input::Content;
use crate::limits::{Budget, Grant, Stop};
use crate::unpack::passwords::Keyring;

/// Decrypting looks at the clock after each piece of this length.
const PIECE: usize = 1 << 20;

/// An entry's data and what is known of them.
pub(super) struct Locked<'z> {
    /// From where they begin to the end of the archive.
    pub(super) data: Content<'z>,
    pub(super) claims: &'z [Claim],
}

/// Decrypted data.
struct Opened {
    bytes: Vec<u8>,
    grant: Grant,
    /// Bytes of the lock around the data.
    overhead: usize,
    /// Whether the code over all of the data fits, where there is one.
    code_fits: Option<bool>,
}

/// Reads decrypted data; gives none where they do not bear the headers out.
pub(super) type Read<'r> = &'r dyn Fn(Plain) -> Option<Outcome<'static>>;

impl Locked<'_> {
    /// Tries every password on every lock.
    pub(super) fn open(
        &self,
        keyring: &mut Keyring,
        budget: &Budget,
        read: Read<'_>,
    ) -> Result<Option<Outcome<'static>>, Stop> {
        let mut tried: Vec<&Claim> = Vec::new();
        for claim in self.claims.iter().filter(|claim| claim.has_lock()) {
            if tried.iter().any(|other| claim.has_lock_of(other)) {
                continue;
            }
            tried.push(claim);
            let length = self.length(claim, budget)?;
            let data = self.data.slice(0, length);
            let outcome = match claim.aes {
                Some(field) => self.open_aes(&field, &data, keyring, budget, read)?,
                None => self.open_traditional(claim, &data, keyring, budget, read)?,
            };
            if outcome.is_some() {
                return Ok(outcome);
            }
        }
        Ok(None)
    }

    /// How long the data are: as a header tells, or up to the next record.
    fn length(&self, claim: &Claim, budget: &Budget) -> Result<u64, Stop> {
        let told = std::iter::once(claim).chain(self.claims).find(|claim| !claim.is_followed());
        if let Some(told) = told {
            return Ok(told.packed);
        }
        let mut length = self.data.len();
        for record in [DESCRIPTOR, LOCAL, CENTRAL, END] {
            let before = self.data.get(..length).unwrap_or_default();
            length = budget.find(before, record)?.unwrap_or(length);
        }
        Ok(length as u64)
    }

    fn open_traditional(
        &self,
        claim: &Claim,
        data: &[u8],
        keyring: &mut Keyring,
        budget: &Budget,
        read: Read<'_>,
    ) -> Result<Option<Outcome<'static>>, Stop> {
        let Some((header, text)) = data.split_at_checked(HEADER) else { return Ok(None) };
        let mut fitted = None;
        for (number, password) in keyring.iter() {
            budget.try_key(1_u64.saturating_add(password.len() as u64 / 16))?;
            let mut cipher = Cipher::new(password);
            let mut header = header.to_vec();
            cipher.decrypt(&mut header);
            if !self.claims.iter().any(|claim| header.last() == Some(&claim.check_byte())) {
                continue;
            }
            let (bytes, grant) = decrypt(text, budget, |piece| cipher.decrypt(piece))?;
            let opened = Opened { bytes, grant, overhead: HEADER, code_fits: None };
            if let Some(outcome) = opened.read(claim.method, read) {
                fitted = Some((number, outcome));
                break;
            }
        }
        Ok(remember(keyring, fitted))
    }

    fn open_aes(
        &self,
        field: &Field,
        data: &[u8],
        keyring: &mut Keyring,
        budget: &Budget,
        read: Read<'_>,
    ) -> Result<Option<Outcome<'static>>, Stop> {
        let Some(parts) = Parts::of(field, data) else { return Ok(None) };
        let mut fitted = None;
        for (number, password) in keyring.iter() {
            budget.try_key(winzip::WORK.saturating_add(password.len() as u64 / 64))?;
            let Some(mut keys) = Keys::derive(password, field, &parts) else { continue };
            let (bytes, grant) = decrypt(parts.text, budget, |piece| keys.decrypt(piece))?;
            let code_fits = Some(keys.fits(&parts));
            let opened = Opened { bytes, grant, overhead: parts.overhead(), code_fits };
            if let Some(outcome) = opened.read(field.method, read) {
                fitted = Some((number, outcome));
                break;
            }
        }
        Ok(remember(keyring, fitted))
    }
}

impl Opened {
    fn read(self, method: u16, read: Read<'_>) -> Option<Outcome<'static>> {
        let Self { bytes, grant, overhead, code_fits } = self;
        read(Plain { content: Content::held(bytes, grant), overhead, method, code_fits })
    }
}

fn remember(
    keyring: &mut Keyring,
    fitted: Option<(usize, Outcome<'static>)>,
) -> Option<Outcome<'static>> {
    let (number, outcome) = fitted?;
    keyring.remember(number);
    Some(outcome)
}

/// Decrypts a copy of `text`, charged as memory and, since the same data may be tried again and again,
/// as output.
fn decrypt(
    text: &[u8],
    budget: &Budget,
    mut decrypt: impl FnMut(&mut [u8]),
) -> Result<(Vec<u8>, Grant), Stop> {
    budget.put_out(text.len() as u64)?;
    let grant = budget.hold(text.len() as u64)?;
    let mut bytes = text.to_vec();
    for piece in bytes.chunks_mut(PIECE) {
        budget.check()?;
        decrypt(piece);
    }
    Ok((bytes, grant))
}
