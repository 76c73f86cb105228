//! Which names are declared where.
//!
//! Only functions have scopes. A function's own name is declared inside of it. Every declaration gets the
//! next number, and the last one of a name in a scope counts for all of them.

use std::collections::HashMap;

use crate::limits::{Grant, Limit, Stop};

/// What a scope and a declaration cost in memory.
const SCOPE_COST: u64 = 32;
const DECLARATION_COST: u64 = 48;

/// The outermost scope.
const GLOBAL: u32 = 0;
/// Names are looked for in so many scopes, from within outward.
const DEEPEST: usize = 1000;

/// The scopes of a script.
#[derive(Debug)]
pub(super) struct Scopes {
    all: Vec<Scope>,
    current: u32,
    /// The number of a name that is declared in a scope.
    declared: HashMap<(u32, u32), u32>,
    /// For each name: whether it is declared anywhere.
    is_declared: Vec<bool>,
    declarations: u32,
}

#[derive(Debug, Default)]
struct Scope {
    parent: u32,
    expects: Expects,
    /// Curly brackets that are open in it.
    curly: u32,
    /// Square brackets that are open since the last declaration.
    square: u32,
}

/// What a scope waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expects {
    #[default]
    Nothing,
    /// The name of a function, or its bracket.
    Function,
    /// The bracket of a function.
    Bracket,
    /// The first parameter of a function, or its body.
    Parameter,
    /// A name to be declared.
    Name,
    /// A comma, and then another name.
    Comma,
}

impl Default for Scopes {
    fn default() -> Self {
        Self {
            all: vec![Scope::default()],
            current: GLOBAL,
            declared: HashMap::new(),
            is_declared: Vec::new(),
            declarations: 0,
        }
    }
}

impl Scopes {
    /// The scope in which the script is.
    pub(super) fn current(&self) -> u32 {
        self.current
    }

    /// A word of the language came.
    pub(super) fn see_keyword(&mut self, word: &[u8], grant: &mut Grant) -> Result<(), Stop> {
        match word {
            b"var" => {
                if let Some(scope) = self.scope() {
                    scope.expects = Expects::Name;
                }
            }
            b"function" => {
                grant.grow(SCOPE_COST)?;
                let number =
                    u32::try_from(self.all.len()).map_err(|_| Stop::Limit(Limit::Memory))?;
                let (parent, expects) = (self.current, Expects::Function);
                self.all.push(Scope { parent, expects, ..Scope::default() });
                self.current = number;
            }
            _ => {}
        }
        Ok(())
    }

    /// A name came that is not the property of something. Declares it if a declaration waits for it.
    pub(super) fn see_name(&mut self, name: u32, grant: &mut Grant) -> Result<(), Stop> {
        let current = self.current;
        let Some(scope) = self.scope() else { return Ok(()) };
        match scope.expects {
            Expects::Nothing | Expects::Bracket | Expects::Comma => return Ok(()),
            Expects::Function => scope.expects = Expects::Bracket,
            Expects::Parameter | Expects::Name => {
                (scope.expects, scope.square) = (Expects::Comma, 0);
            }
        }
        grant.grow(DECLARATION_COST)?;
        self.declared.insert((current, name), self.declarations);
        self.declarations = self.declarations.saturating_add(1);
        let place = name as usize;
        if place >= self.is_declared.len() {
            // Names have been charged for when they were numbered.
            self.is_declared.resize(place.saturating_add(1), false);
        }
        if let Some(is_declared) = self.is_declared.get_mut(place) {
            *is_declared = true;
        }
        Ok(())
    }

    /// Any other character came.
    pub(super) fn see_sign(&mut self, sign: u8) {
        let is_function = self.current != GLOBAL;
        let Some(scope) = self.scope() else { return };
        match sign {
            b'(' if matches!(scope.expects, Expects::Function | Expects::Bracket) => {
                scope.expects = Expects::Parameter;
            }
            b',' if scope.expects == Expects::Comma && scope.curly == 0 && scope.square == 0 => {
                scope.expects = Expects::Name;
            }
            b')' if scope.expects == Expects::Bracket => scope.expects = Expects::Nothing,
            b';' if scope.curly == 0 && scope.square == 0 => scope.expects = Expects::Nothing,
            b'[' => scope.square = scope.square.saturating_add(1),
            b']' => scope.square = scope.square.saturating_sub(1),
            b'{' => {
                if scope.expects != Expects::Name && scope.expects != Expects::Comma {
                    scope.expects = Expects::Nothing;
                }
                scope.curly = scope.curly.saturating_add(1);
            }
            b'}' => {
                let closes = scope.curly <= 1 && is_function;
                scope.curly = scope.curly.saturating_sub(1);
                let parent = scope.parent;
                if closes {
                    self.current = parent;
                }
            }
            _ => {}
        }
    }

    fn scope(&mut self) -> Option<&mut Scope> {
        self.all.get_mut(self.current as usize)
    }

    /// The number of a name where it stands in `scope`, if it is declared there or further out.
    pub(super) fn number(&self, name: u32, mut scope: u32) -> Option<u32> {
        if !self.is_declared.get(name as usize).is_some_and(|&is_declared| is_declared) {
            return None;
        }
        for _ in 0..DEEPEST {
            if let Some(&number) = self.declared.get(&(scope, name)) {
                return Some(number);
            }
            if scope == GLOBAL {
                return None;
            }
            scope = self.all.get(scope as usize)?.parent;
        }
        None
    }
}
