//! Files of YARA rules: their source, and the gates that keep them from being evaluated in vain.

use pellucid::set::layout::{GATE, UNGATED, YaraRow};

use super::Compiler;
use super::prepare::{self, PreparedPattern};
use crate::diagnostic::Fault;
use crate::report::BuildError;
use crate::source::yara::gate::Literal;

/// How many shards gated files of YARA rules are spread over. Each costs the engine a scanner.
const SHARDS: usize = 16;

impl Compiler {
    /// Adds a file of YARA rules, and its gate if it has one. Files with gates are spread over the
    /// shards, in their order.
    pub(crate) fn rules(
        &mut self,
        namespace: &str,
        source: &str,
        rules: u32,
        gate: Option<&[Literal]>,
    ) -> Result<(), BuildError> {
        let origin = u32::from(self.origin()?);
        let prepared = gate.map(|gate| {
            gate.iter()
                .map(|literal| prepare::pattern_alone(&literal.pattern()))
                .collect::<Result<_, Fault>>()
        });
        // Without any one of its patterns a gate would be wrong.
        let shard = match prepared {
            None | Some(Err(_)) => UNGATED,
            Some(Ok(patterns)) => self.gate(patterns)?,
        };
        self.yara.push(YaraRow {
            namespace: self.strings.add(namespace)?,
            source: self.strings.add(source)?,
            origin: origin.into(),
            rules: rules.into(),
            shard,
            reserved: [0; 3],
        });
        Ok(())
    }

    /// Adds a gate's patterns; says which shard they open.
    fn gate(&mut self, patterns: Vec<PreparedPattern>) -> Result<u8, BuildError> {
        let gated = self.yara.iter().filter(|row| row.shard != UNGATED).count();
        let shard = u8::try_from(gated % SHARDS).unwrap_or(0);
        for pattern in &patterns {
            self.pattern(pattern, shard.into(), GATE)?;
        }
        Ok(shard)
    }
}
