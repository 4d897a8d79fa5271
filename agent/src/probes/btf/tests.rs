use super::*;

/// Types as the kernel writes them: `struct outer { int a; union { struct { int b; int c; }; long d; }; }`.
fn sample() -> Vec<u8> {
    let strings = b"\0int\0outer\0a\0b\0c\0d\0";
    let mut types: Vec<u8> = Vec::new();
    let mut push = |words: &[u32]| types.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
    push(&[1, 1 << 24, 4, 32]); // 1: int
    push(&[0, KIND_STRUCT << 24 | 2, 8, 13, 1, 0, 15, 1, 32]); // 2: struct { b; c; }
    push(&[0, KIND_UNION << 24 | 2, 8, 0, 2, 0, 17, 1, 0]); // 3: union
    push(&[5, KIND_STRUCT << 24 | 2, 16, 11, 1, 0, 0, 3, 64]); // 4: outer
    let mut file = Vec::new();
    file.extend(MAGIC.to_ne_bytes());
    file.extend([1, 0]);
    let length = u32::try_from(types.len()).unwrap();
    for word in [24, 0, length, length, u32::try_from(strings.len()).unwrap()] {
        file.extend(word.to_ne_bytes());
    }
    file.extend(types);
    file.extend(strings);
    file
}

#[test]
fn finds_members_also_in_anonymous_ones() {
    let file = sample();
    let btf = Btf::parse(&file, &["outer"]).unwrap();
    assert_eq!(btf.offset("outer", "a"), Some(0));
    assert_eq!(btf.offset("outer", "b"), Some(8));
    assert_eq!(btf.offset("outer", "c"), Some(12));
    assert_eq!(btf.offset("outer", "d"), Some(8));
}

#[test]
fn an_absent_struct_or_member_has_no_offset() {
    let file = sample();
    let btf = Btf::parse(&file, &["outer"]).unwrap();
    assert_eq!(btf.offset("outer", "e"), None);
    assert_eq!(btf.offset("inner", "a"), None);
}

#[test]
fn a_file_cut_anywhere_is_refused_and_never_panics() {
    let file = sample();
    for length in 0..file.len() {
        assert!(
            Btf::parse(&file[..length], &["outer"]).is_err(),
            "cut at {length}"
        );
    }
}
