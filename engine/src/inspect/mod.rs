//! 4 Facts that signatures ask about: where a program starts, its sections, what it imports.
