//! The store in memory keeps the contracts of the real ones, and so does a fault store that has no fault.

mod memory {
    kit::store_contract!((kit::MemoryStore::new(), ()));
    kit::library_contract!((kit::MemoryStore::new(), ()));
    kit::people_contract!((kit::MemoryStore::new(), ()));
}

mod without_faults {
    kit::store_contract!((kit::FaultStore::new(kit::MemoryStore::new()), ()));
}
