use super::*;
use proptest::prelude::*;

fn refused(text: &str) -> (String, String) {
    let problem = parse(text).expect_err("refused");
    (problem.message, text.get(problem.span).unwrap_or_default().to_string())
}

#[test]
fn it_is_the_tree_that_json_would_be() {
    let text = "a: 1\nb: [x, 'y', \"z\\n\"]\nc:\n  - true\n  - ~\n  - d: |\n      e\n      f\n";
    let json = r#"{"a":1,"b":["x","y","z\n"],"c":[true,null,{"d":"e\nf\n"}]}"#;
    assert_eq!(parse(text).expect("YAML").compact(), json);
    // JSON is YAML.
    assert_eq!(parse(json).expect("YAML").compact(), json);
}

#[test]
fn short_tags_are_the_long_form() {
    let text = "a: !Ref Id\nb: !GetAtt Repo.Arn\nc: !Join ['', [x, !Sub '${y}']]\nd: !!str 12\ne: !If [p, 1, 2]\n";
    let json = r#"{"a":{"Ref":"Id"},"b":{"Fn::GetAtt":["Repo","Arn"]},"c":{"Fn::Join":["",["x",{"Fn::Sub":"${y}"}]]},"d":"12","e":{"Fn::If":["p",1,2]}}"#;
    assert_eq!(parse(text).expect("YAML").compact(), json);
}

#[test]
fn places_are_bytes_of_the_file_whatever_stands_before() {
    for before in ["", "\u{feff}", "# é 😀\r\n", "\u{feff}x: 'ñ'\n"] {
        let text = format!("{before}key: [one, \"två\"]\nlast: |\n  text\n");
        let json = parse(&text).expect("YAML");
        let list = json.get("key").expect("a list");
        let Value::List(items) = &list.value else { panic!("a list") };
        assert_eq!(&text[items[0].span.clone()], "one");
        assert_eq!(&text[items[1].span.clone()], "\"två\"");
        assert_eq!(&text[list.span.clone()], "[one, \"två\"]");
    }
}

#[test]
fn what_is_not_one_plain_document_is_refused_in_its_place() {
    assert_eq!(refused("a: 1\n---\nb: 2\n").0, "a second document; a template is one");
    assert_eq!(refused("a:\n\tb: 1\n"), ("a tab cannot indent YAML; use spaces".into(), "\t".into()));
    assert_eq!(refused("a: 1\na: 2\n"), ("`a` is given twice".into(), "a".into()));
    assert_eq!(refused("? [a]\n: 1\n").0, "a key is a plain text");
    assert_eq!(refused("").0, "expected a document, found an empty file");
    assert!(refused("a: [1, 2\nb: 3\n").0.starts_with("not YAML: "));
    assert!(refused("b: &x 1\na:\n  <<: *x\n").0.starts_with("merge keys (`<<`)"));
    assert!(refused("a: *nobody\n").0.starts_with("not YAML: "));
}

#[test]
fn aliases_repeat_a_little_and_no_more() {
    assert_eq!(parse("a: &x [1, 2]\nb: *x\n").expect("YAML").compact(), r#"{"a":[1,2],"b":[1,2]}"#);
    let mut bomb = String::from("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        bomb += &format!("a{level}: &a{level} [{}]\n", [before.as_str(); 10].join(", "));
    }
    assert_eq!(refused(&bomb).0, "aliases repeat more than 10000 values");
    // Levels that aliases add count like written ones.
    let mut tower = String::from("a0: &a0 [1]\n");
    for level in 1..100 {
        tower += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    assert_eq!(refused(&tower).0, "nested deeper than 64 levels");
    assert!(parse("a: &x [*x]\n").is_err());
}

#[test]
fn nesting_is_bounded() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        let text = format!("{}1{}", open.repeat(60), close.repeat(60));
        assert!(parse(&text).is_ok(), "{open}");
        let text = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(refused(&text).0, "nested deeper than 64 levels", "{open}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[ \\t\\n:{}\\[\\],&*!|>'\"\\\\#%@-a-cé0-9]{0,60}") {
        if let Ok(json) = parse(&text) {
            prop_assert!(json.span.end <= text.len());
            let _ = json.compact();
        }
    }

    #[test]
    fn no_characters_make_it_panic(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }
}
