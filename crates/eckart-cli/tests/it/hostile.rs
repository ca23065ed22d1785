//! Texts of files command no terminal: names, titles, formulas, whatever the command.
//! In: a model and tables whose texts are full of control characters.  Out: none of them in what is printed.

use eckart::data::{read_model_file, write_model_file};

use crate::command::{Desk, Said};

/// Ends a line, moves the cursor, sets a title, clears the screen, turns the direction of writing.
const HOSTILE: &str = "a\u{1b}[2J\u{1b}]0;t\u{7}\r\u{9b}31m\u{8}\u{7f}\u{202e}\u{2066}\u{200f}z";

/// Whether a terminal would do something else with a character than show it.
fn commands(c: char) -> bool {
    (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}".contains(c)
}

#[track_caller]
fn is_plain(words: &str, said: &Said) {
    for text in [&said.out, &said.err] {
        assert!(!text.chars().any(commands), "{words}: {text:?}");
    }
}

fn table(rows: usize) -> String {
    let line = |i: usize| format!("\"{HOSTILE}{i}\",{},{},{}\n", i + 1, i % 3 + 1, (i * i) % 5 + 1);
    format!("\"{HOSTILE}\",\"{HOSTILE}x\",\"{HOSTILE}y\",\"{HOSTILE}w\"\n") + &(0..rows).map(line).collect::<String>()
}

/// A folder with a table, a list of entries, titles and names, all with hostile texts, and models of them.
fn desk() -> Desk {
    let desk = Desk::new();
    let entry = |k: usize| format!("\"{HOSTILE}u{}\",\"{HOSTILE}{}\",{}\n", k % 4, k / 4, k % 5 + 1);
    let list = "user,item,rating\n".to_owned() + &(0..12).map(entry).collect::<String>();
    let title = |k: usize| format!("\"{HOSTILE}{k}\",\"{HOSTILE} title {k}\"\n");
    desk.file("x.csv", table(6)).file("list.csv", list);
    desk.file("titles.csv", "id,title\n".to_owned() + &(0..3).map(title).collect::<String>());
    desk.file("names.txt", (0..3).map(|k| format!("{HOSTILE}{k}\n").replace('\r', "")).collect::<String>());
    desk.run("fit x.csv --model nmf --rank 2 -n 3 -q -o m.safetensors", &[]);
    desk.run("fit list.csv --model ratings --rank 2 -n 3 -q -o r.safetensors", &[]);
    assert!(desk.path("m.safetensors").exists() && desk.path("r.safetensors").exists());
    desk
}

#[test]
fn no_text_of_a_file_commands_the_terminal() {
    let desk = desk();
    let wanted = [
        "fit x.csv --model nmf --rank 2 -n 3",
        "fit x.csv --model nmf --rank 2 -n 3 --json",
        "fit x.csv --model nmf --rank 2 -n 3 --col-names names.txt -o out.csv --report page.html",
        "fit list.csv --model ratings --rank 2 -n 3 --titles titles.csv",
        "explain x.csv --model nmf --rank 2",
        "explain x.csv --model nmf --rank 2 --json",
        "transform m.safetensors x.csv -o new.csv",
        "transform m.safetensors x.csv --json",
        "recommend r.safetensors --all",
        "recommend r.safetensors --all --json",
        "recommend r.safetensors --all --train list.csv --explain --titles titles.csv",
        "similar r.safetensors --all",
        "similar r.safetensors --all --titles titles.csv --json",
        "evaluate r.safetensors list.csv",
        "evaluate r.safetensors list.csv --json",
        "evaluate list.csv --holdout 0.3 --rank 1 --model ratings -n 3",
        "show m.safetensors",
        "show m.safetensors --json",
        "show page.html",
        "report m.safetensors x.csv",
    ];
    for words in wanted {
        let said = desk.run(words, &[]);
        assert!(said.code == Some(0) || words.contains("evaluate"), "{words}: {}", said.err);
        is_plain(words, &said);
    }
    // They are shown, all the same.
    let shown = desk.prints("similar r.safetensors --all --top 1", &[]);
    assert!(shown.contains("a\\u{1b}[2J\\u{1b}]0;t\\u{7}\\u{d}"), "{shown}");
    let json = desk.json("similar r.safetensors --all --top 1", &[]);
    assert!(json["lists"][0]["about"].as_str().unwrap().starts_with(HOSTILE));
}

#[test]
fn no_text_of_a_file_commands_the_terminal_through_an_error() {
    let desk = desk();
    desk.file("ragged.csv", table(3) + &format!("\"{HOSTILE}\",1\n"));
    desk.file("text.csv", table(3) + &format!("\"{HOSTILE}\",1,2,\"{HOSTILE}\"\n"));
    desk.file("twice.csv", table(3) + &table(3));
    desk.file("other.csv", table(3).replace('z', "Z"));
    desk.file("list2.csv", "user,item,rating\n".to_owned() + &format!("\"{HOSTILE}\",b,1\n").repeat(2));
    let unwanted = [
        "fit ragged.csv --model nmf --rank 1",
        "fit text.csv --model nmf --rank 1",
        "fit twice.csv --model nmf --rank 1",
        "fit list2.csv --model ratings --rank 1",
        "fit x.csv --data S=other.csv --objective sum((S*(X-W@H))**2) --rank 1",
        "transform m.safetensors other.csv -o new.csv",
        "recommend r.safetensors --user nobody",
        "similar r.safetensors --item nothing",
        "evaluate r.safetensors x.csv",
        "report m.safetensors other.csv",
    ];
    for words in unwanted {
        for more in [&[][..], &["--json"]] {
            is_plain(words, &desk.run(words, more));
        }
        assert_eq!(desk.run(words, &[]).code, Some(2), "{words}");
    }
}

/// A model says what its texts are; a page quotes them.
#[test]
fn no_text_of_a_model_commands_the_terminal_or_runs() {
    let desk = desk();
    let whole = read_model_file(desk.path("m.safetensors")).unwrap();
    let keys: Vec<String> = whole.metadata.keys().cloned().collect();
    assert!(keys.iter().any(|key| key == "method"), "{keys:?}");
    let run = "$(touch ran); touch ran\n\"); std::process::exit(7); (\"";
    for key in keys {
        let mut file = whole.clone();
        let text = file.metadata[&key].clone();
        file.metadata.insert(key.clone(), format!("{text}{HOSTILE}{run}"));
        write_model_file(desk.path("changed.safetensors"), &file).unwrap();
        for words in
            ["show changed.safetensors", "show changed.safetensors --json", "report changed.safetensors -o p.html"]
        {
            is_plain(&format!("{key}: {words}"), &desk.run(words, &[]));
        }
        if key != "method" {
            continue;
        }
        let page = std::fs::read_to_string(desk.path("p.html")).unwrap();
        let unescaped = page.replace("&#39;", "'").replace("&quot;", "\"").replace("&gt;", ">").replace("&lt;", "<");
        assert!(
            unescaped.contains("--method $'") && unescaped.contains("\\\"); std::process::exit(7); (\\\""),
            "{key}"
        );
    }
}
