//! What holds for every file.

use super::*;
use crate::import::FileFault;
use proptest::prelude::*;

fn read_cut(bytes: &[u8], cuts: &[usize]) -> Result<Roster, FileFault> {
    let mut reader = PlainReader::new(None, None);
    let mut from = 0;
    for &cut in cuts.iter().chain([&bytes.len()]) {
        let cut = cut.clamp(from, bytes.len());
        reader.feed(&bytes[from..cut])?;
        from = cut;
    }
    reader.finish()
}

/// Pieces of files: what a reader may trip over.
fn scrap() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"name,id,class\n",
        b"Ada,1,7b\n",
        b"Ada,1,8a\n",
        b"\xef\xbb\xbf",
        b"sourcedId,status,role\n",
        b"s1,tobedeleted,student\n",
        b"\"",
        b",",
        b";",
        b"|",
        b"\n",
        b"\r\n",
        b"\xc3\xa4",
        b"\xff",
        b"\0",
        b"'=",
    ];
    prop_oneof![
        prop::sample::select(known).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..6)
    ]
}

fn scraps() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(scrap(), 0..40).prop_map(|scraps| scraps.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn how_a_table_is_cut_makes_no_difference_and_no_bytes_make_it_panic(
        rest in scraps(),
        with_header in any::<bool>(),
        mut cuts in prop::collection::vec(0_usize..300, 0..8),
    ) {
        cuts.sort_unstable();
        let header = if with_header { &b"name,id,class\n"[..] } else { b"" };
        let file = [header, &rest].concat();
        prop_assert_eq!(read_cut(&file, &cuts), read_cut(&file, &[]));
    }

    #[test]
    fn no_tables_in_an_archive_make_it_panic(users in scraps(), enrollments in scraps(), classes in scraps()) {
        let header = |columns: &str, rest: &[u8]| [columns.as_bytes(), rest].concat();
        let tables = [
            ("users.csv", header("sourcedId,status,role,username,familyName\n", &users)),
            ("classes.csv", header("sourcedId,status,title\n", &classes)),
            ("enrollments.csv", header("sourcedId,status,classSourcedId,userSourcedId,role\n", &enrollments)),
        ];
        let zip = anki::write_zip(tables.iter().map(|(name, bytes)| (*name, &bytes[..]))).unwrap();
        let _ = read_one_roster(file(&zip), TODAY);
    }

    #[test]
    fn a_diff_that_was_carried_out_is_empty_and_its_people_are_counted_once(
        rosters in prop::collection::vec(prop::collection::vec((0_u8..12, 0_u8..4, 0_u8..3, any::<bool>()), 0..20), 1..4),
        administers in any::<bool>(),
    ) {
        let rules = if administers { rules() } else { of_teacher() };
        kit::wait::block_on(async {
            let store = MemoryStore::new();
            for rows in rosters {
                let row = |(who, class, variant, with_id): &(u8, u8, u8, bool)| {
                    let id = if *with_id { who.to_string() } else { String::new() };
                    format!("Name {variant},login{who},{id},c{class}\n")
                };
                let roster = plain(&format!("name,login,id,class\n{}", rows.iter().map(row).collect::<String>()));
                let diff = bring(&store, &roster, rules).await;
                assert_eq!(counted(&diff).iter().sum::<usize>(), diff.people.len());
                // Whom a teacher enrolls stays as they are known, and is an own student from then on.
                if diff.changed.listed.iter().any(|remark| remark.reason == RosterReason::PersonNotYours) {
                    bring(&store, &roster, rules).await;
                }
                let known = Known::read(&store, rules.org, rules.by).await.unwrap();
                let again = super::diff(&roster, &known, rules);
                assert!(again.is_empty(), "{again:?}");
            }
        });
    }
}
