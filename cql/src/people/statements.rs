//! The statements of people and classes.

/// The columns of a person by name, so that one that a newer program adds disturbs nobody.
macro_rules! select_person {
    () => {
        "SELECT user, org, role, name, name_chosen, zones, began_ms, version, settled FROM people WHERE user = ?"
    };
}

/// The columns of a class.
macro_rules! select_class {
    () => {
        "SELECT class, org, teacher, title, created_ms, deleted_ms FROM classes WHERE class = ?"
    };
}

/// The columns of a person in a register.
macro_rules! select_registered {
    () => {
        "SELECT org, user, external, login, email, name, role, gone, changed_ms FROM register WHERE org = ?"
    };
}

/// The columns of a class in a register.
macro_rules! select_registered_class {
    () => {
        "SELECT org, class, external, changed_ms FROM register_classes WHERE org = ?"
    };
}

crate::statements::statements! {
    /// What is said to the tables of schema/0003_people.cql and schema/0005_registers.cql; extra time came with
    /// schema/0008_lessons.cql.
    PeopleStatements {
        person: Read = select_person!();
        person_decided: ReadSerial = select_person!();
        make_person: Decide = "INSERT INTO people
            (user, org, role, name, name_chosen, zones, began_ms, version, settled)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS";
        change_person: Decide = "UPDATE people SET org = ?, role = ?, name = ?, name_chosen = ?, zones = ?,
            version = ?, settled = ? WHERE user = ? IF version = ?";

        class: Read = select_class!();
        class_decided: ReadSerial = select_class!();
        make_class: Decide = "INSERT INTO classes (class, org, teacher, title, created_ms, deleted_ms)
            VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS";
        point_to: Write = "INSERT INTO classes_by_teacher (teacher, class) VALUES (?, ?) USING TIMESTAMP ?";
        taught: Read = "SELECT class FROM classes_by_teacher WHERE teacher = ?";

        give: Write = "INSERT INTO class_decks (class, deck, from_ms) VALUES (?, ?, ?) USING TIMESTAMP ?";
        take: Write = "UPDATE class_decks USING TIMESTAMP ? SET until_ms = ?
            WHERE class = ? AND deck = ? AND from_ms = ?";
        given: Read = "SELECT deck, from_ms, until_ms FROM class_decks WHERE class = ?";
        given_deck: Read = "SELECT deck, from_ms, until_ms FROM class_decks WHERE class = ? AND deck = ?";

        enroll_user: Write = "INSERT INTO enrollments_by_user (class, user, from_ms) VALUES (?, ?, ?)
            USING TIMESTAMP ?";
        enroll_class: Write = "INSERT INTO enrollments_by_class (class, user, from_ms) VALUES (?, ?, ?)
            USING TIMESTAMP ?";
        remove_user: Write = "UPDATE enrollments_by_user USING TIMESTAMP ? SET until_ms = ?
            WHERE class = ? AND user = ? AND from_ms = ?";
        remove_class: Write = "UPDATE enrollments_by_class USING TIMESTAMP ? SET until_ms = ?
            WHERE class = ? AND user = ? AND from_ms = ?";
        enrolled: Read = "SELECT class, from_ms, until_ms FROM enrollments_by_user WHERE user = ?";
        enrolled_in: Read = "SELECT class, from_ms, until_ms FROM enrollments_by_user
            WHERE user = ? AND class = ?";
        students: Read = "SELECT user, from_ms, until_ms FROM enrollments_by_class WHERE class = ?";
        set_extra_time: Write = "UPDATE enrollments_by_class USING TIMESTAMP ? SET extra_percent = ?
            WHERE class = ? AND user = ? AND from_ms = ?";
        extra_times: Read = "SELECT user, from_ms, until_ms, extra_percent FROM enrollments_by_class
            WHERE class = ?";
        amend_class: Decide = "UPDATE classes SET title = ?, teacher = ?, deleted_ms = ?
            WHERE class = ? IF title = ? AND teacher = ? AND deleted_ms = ?";

        register: Read = concat!(select_registered!(), " LIMIT ?");
        register_after: Read = concat!(select_registered!(), " AND user > ? LIMIT ?");
        registered: Read = concat!(select_registered!(), " AND user = ?");
        put_registered: Write = "INSERT INTO register
            (org, user, external, login, email, name, role, gone, changed_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            USING TIMESTAMP ?";
        register_key: Read = "SELECT user FROM register_keys WHERE org = ? AND key = ?";
        put_register_key: Write = "INSERT INTO register_keys (org, key, user) VALUES (?, ?, ?) USING TIMESTAMP ?";
        register_classes: Read = concat!(select_registered_class!(), " LIMIT ?");
        register_classes_after: Read = concat!(select_registered_class!(), " AND class > ? LIMIT ?");
        registered_class: Read = concat!(select_registered_class!(), " AND class = ?");
        put_registered_class: Write = "INSERT INTO register_classes (org, class, external, changed_ms)
            VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
    }
}
