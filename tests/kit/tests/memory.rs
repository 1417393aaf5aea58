//! The store in memory keeps the contracts of the real ones, and so does a fault store that has no fault.

mod memory {
    kit::store_contract!((kit::MemoryStore::new(), ()));
    kit::library_contract!((kit::MemoryStore::new(), ()));
    kit::people_contract!((kit::MemoryStore::new(), ()));
    kit::register_contract!((kit::MemoryStore::new(), ()));
    kit::lessons_contract!((kit::MemoryStore::new(), ()));
    kit::papers_contract!((kit::MemoryStore::new(), ()));
    kit::imports_contract!((kit::MemoryStore::new(), ()));
    kit::events_contract!((kit::MemoryStore::new(), ()));
    kit::webhooks_contract!((kit::MemoryStore::new(), ()));
    kit::media_contract!((kit::MemoryStore::new(), ()));
    kit::notes_contract!((kit::MemoryStore::new(), ()));
}

mod alone {
    kit::contract!((kit::MemoryStore::new(), ()); kit::contract_store; of_two_contents_under_one_id_the_first_stays);
}

mod without_faults {
    kit::store_contract!((kit::FaultStore::new(kit::MemoryStore::new()), ()));
}
