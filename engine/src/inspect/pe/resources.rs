//! The resource tree: type, then name, then language, then data.
//!
//! Directories wait in a queue and are read once each, so a tree that leads back into itself ends.
//! Three levels are what Windows looks at; what lies deeper no program can ask for.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use goblin::pe::resource::{ImageResourceDirectory, ResourceDataEntry, ResourceEntry};

use super::super::facts::{Resource, ResourceId};
use super::super::ledger::Ledger;
use super::super::record::record;
use super::image::{Directory, Image};

/// Bytes of a name, two for each character.
const LONGEST_NAME: u64 = 512;

/// Reads the tree, level by level.
pub(super) fn read(image: &Image<'_>, ledger: &mut Ledger<'_>) -> Vec<Resource> {
    let Some(directory) = image.directory(Directory::Resources) else {
        return Vec::new();
    };
    let root = u64::from(directory.virtual_address);
    let mut walk = Walk {
        image,
        ledger,
        root,
        steps: 0,
        entered: HashSet::from([0]),
        waiting: VecDeque::from([Level { offset: 0, kind: None, name: None }]),
        resources: Vec::new(),
    };
    walk.run();
    walk.resources
}

/// A directory of the tree and the way to it.
struct Level {
    /// From the start of the tree.
    offset: u32,
    kind: Option<ResourceId>,
    name: Option<ResourceId>,
}

impl Level {
    /// The way to what an entry of this directory leads to.
    fn below(
        &self,
        id: ResourceId,
    ) -> (Option<ResourceId>, Option<ResourceId>, Option<ResourceId>) {
        match (&self.kind, &self.name) {
            (None, _) => (Some(id), None, None),
            (kind, None) => (kind.clone(), Some(id), None),
            (kind, name) => (kind.clone(), name.clone(), Some(id)),
        }
    }
}

struct Walk<'w, 'a, 'b> {
    image: &'w Image<'a>,
    ledger: &'w mut Ledger<'b>,
    root: u64,
    /// Entries read so far, on all levels.
    steps: usize,
    entered: HashSet<u32>,
    waiting: VecDeque<Level>,
    resources: Vec<Resource>,
}

impl Walk<'_, '_, '_> {
    fn run(&mut self) {
        while let Some(level) = self.waiting.pop_front() {
            if !self.directory(&level) {
                return;
            }
        }
    }

    /// Reads one directory; false when the limit ends it all.
    fn directory(&mut self, level: &Level) -> bool {
        let start = self.root.saturating_add(level.offset.into());
        let header = self.image.array::<16>(start);
        let Some(header) = header.and_then(|b| record::<ImageResourceDirectory>(&b)) else {
            self.ledger.anomaly(|| format!("the resources at {start:#x} are not in the program"));
            return true;
        };
        let named = u64::from(header.number_of_named_entries);
        let count = named.saturating_add(header.number_of_id_entries.into());
        for index in 0..count {
            if !self.ledger.admits(self.steps, "resources") {
                return false;
            }
            self.steps = self.steps.saturating_add(1);
            let place = start.saturating_add(16).saturating_add(index.saturating_mul(8));
            let Some(bytes) = self.image.array::<8>(place) else {
                self.ledger.anomaly(|| format!("the resources at {start:#x} leave the program"));
                return true;
            };
            if let Some(entry) = record::<ResourceEntry>(&bytes) {
                self.entry(level, &entry);
            }
        }
        true
    }

    fn entry(&mut self, level: &Level, entry: &ResourceEntry) {
        let id = self.id(entry.name_or_id);
        let (kind, name, language) = level.below(id);
        let target = entry.offset_to_data_or_directory;
        match target.checked_sub(1 << 31) {
            Some(offset) if language.is_none() => self.wait(Level { offset, kind, name }),
            Some(offset) => {
                self.ledger.anomaly(|| format!("resources at {offset:#x} have a fourth level"));
            }
            None => self.data(target, [kind, name, language]),
        }
    }

    fn wait(&mut self, level: Level) {
        if self.entered.insert(level.offset) {
            self.waiting.push_back(level);
        } else {
            let offset = level.offset;
            self.ledger.anomaly(|| format!("two ways lead to the resources at {offset:#x}"));
        }
    }

    fn data(&mut self, offset: u32, path: [Option<ResourceId>; 3]) {
        let place = self.root.saturating_add(offset.into());
        let entry = self.image.array::<16>(place).and_then(|b| record::<ResourceDataEntry>(&b));
        let Some(entry) = entry else {
            self.ledger.anomaly(|| format!("the resource at {place:#x} is not in the program"));
            return;
        };
        if path.iter().any(Option::is_none) {
            self.ledger.anomaly(|| format!("the resource at {place:#x} has no language"));
        }
        let offset = self.image.offset(entry.offset_to_data.into());
        let end = offset.map(|offset| offset.saturating_add(entry.size.into()));
        if end.is_none_or(|end| end > self.image.data.len() as u64) && entry.size > 0 {
            self.ledger.anomaly(|| format!("the resource at {place:#x} leaves the file"));
        }
        let [kind, name, language] = path.map(|id| id.unwrap_or(ResourceId::Number(0)));
        self.resources.push(Resource { kind, name, language, offset, size: entry.size });
    }

    /// With the highest bit, the place of a counted UTF-16 name; else a number.
    fn id(&mut self, stored: u32) -> ResourceId {
        let Some(offset) = stored.checked_sub(1 << 31) else {
            return ResourceId::Number(stored);
        };
        let place = self.root.saturating_add(offset.into());
        let name = self.image.bytes(place).and_then(|bytes| {
            let mut reader = crate::reader::Reader::new(bytes);
            let size = u64::from(reader.u16_le().ok()?).saturating_mul(2);
            reader.bytes(size.min(LONGEST_NAME)).ok()
        });
        if name.is_none() {
            self.ledger.anomaly(|| format!("the resource name at {place:#x} is not in the file"));
        }
        ResourceId::Name(Arc::from(self.ledger.wide_text(name.unwrap_or_default())))
    }
}
