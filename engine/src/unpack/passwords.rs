//! Passwords to try on encrypted archives: a host's own, and those of the signature sets.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// Passwords in the order in which they are tried, each once. A clone shares the list.
#[derive(Clone, Default)]
pub struct Passwords(Arc<[Vec<u8>]>);

impl Passwords {
    /// Longer ones are left away: no archiver takes them, and each trial would cost their length.
    pub const LONGEST: usize = 4096;

    /// A list of these, without repetitions.
    pub fn new(passwords: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut known = HashSet::new();
        let passwords = passwords.into_iter().filter(|password| password.len() <= Self::LONGEST);
        Self(passwords.filter(|password| known.insert(password.clone())).collect())
    }

    /// The same list behind others.
    pub(crate) fn behind(&self, others: &[Vec<u8>]) -> Self {
        match others {
            [] => self.clone(),
            _ => Self::new(others.iter().cloned().chain(self.0.iter().cloned())),
        }
    }

    /// The passwords.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Says how many there are, and none of them.
impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passwords({})", self.len())
    }
}

/// The passwords for one archive. One that opened an entry is tried first on the next.
#[derive(Debug, Default)]
pub(crate) struct Keyring {
    passwords: Passwords,
    fitted: usize,
}

impl Keyring {
    pub(crate) fn new(passwords: &Passwords) -> Self {
        Self { passwords: passwords.clone(), fitted: 0 }
    }

    /// Each password with its number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let all = || self.passwords.iter().enumerate();
        let first = all().skip(self.fitted).take(1);
        first.chain(all().filter(|(number, _)| *number != self.fitted))
    }

    /// The password of that number fitted.
    pub(crate) fn remember(&mut self, number: usize) {
        self.fitted = number;
    }

    pub(crate) fn len(&self) -> usize {
        self.passwords.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_once_and_none_too_long() {
        let words = ["b", "a", "b", &"x".repeat(4097)].map(|word| word.as_bytes().to_vec());
        let passwords = Passwords::new(words);
        assert_eq!(passwords.iter().collect::<Vec<_>>(), [b"b", b"a"]);
        assert_eq!(format!("{passwords:?}"), "Passwords(2)");
    }

    #[test]
    fn the_one_that_fitted_comes_first() {
        let mut keyring = Keyring::new(&Passwords::new(["a", "b", "c"].map(Into::into)));
        let order = |keyring: &Keyring| keyring.iter().map(|(n, _)| n).collect::<Vec<_>>();
        assert_eq!(order(&keyring), [0, 1, 2]);
        keyring.remember(2);
        assert_eq!(order(&keyring), [2, 0, 1]);
        assert!(order(&Keyring::default()).is_empty());
    }
}
