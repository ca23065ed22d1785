//! `eckart report` and `fit --report`: what is on the page, and what is refused before any work.

use eckart::Code;

use crate::command::Desk;

const TABLE: &str = "name,apple,pear,boat,car\nann,9,4,0,0\nbob,8,4,0,1\ncat,0,0,5,2\ndan,1,0,5,3\n";

fn page(desk: &Desk, name: &str) -> String {
    std::fs::read_to_string(desk.path(name)).unwrap()
}

#[test]
fn a_page_is_made_in_one_go_or_of_a_model() {
    let desk = Desk::new();
    desk.file("x.csv", TABLE);
    let words = "fit x.csv --model nmf --rank 2 -n 20 -o model.safetensors --report fit.html";
    assert!(desk.prints(words, &[]).contains("Saved\n  model.safetensors\n  fit.html"));
    let in_one_go = page(&desk, "fit.html");
    assert!(in_one_go.contains("eckart fit x.csv --model nmf --rank 2 -n 20"), "{in_one_go}");
    assert!(in_one_go.contains("--report fit.html"), "{in_one_go}");
    assert_eq!(desk.prints("report model.safetensors x.csv -o model.html", &[]), "model.html\n");
    let of_model = page(&desk, "model.html");
    for text in ["2 components of x.csv", "Component 1", "apple", "ann", "id=\"residuals\"", "id=\"reconstructions\""] {
        assert!(in_one_go.contains(text) && of_model.contains(text), "{text}");
    }
    assert!(of_model.contains("--rank 2 --seed 0 --n-init 1"), "{of_model}");
}

/// What the data lacks is left out, which the page says: nobody measured a 0 there.
#[test]
fn a_part_of_the_data_is_a_part() {
    let desk = Desk::new();
    desk.file("x.csv", TABLE).file("part.csv", "name,boat,apple\ncat,5,0\nbob,0,8.5\n");
    desk.file("few.csv", "row,column,value\ncat,boat,5\nbob,apple,8.5\n");
    desk.prints("fit x.csv --model nmf --rank 2 -n 20 -o model.safetensors", &[]);
    for (file, count) in [("part.csv", 4), ("few.csv", 4)] {
        let said = desk.run(&format!("report model.safetensors {file} -o part.html"), &[]);
        said.warned(Code::NamesLacking, "2 of the model's rows are not there, and have no entries: ann, dan");
        let html = page(&desk, "part.html");
        assert!(html.contains("without 2 rows and 2 columns"), "{file}");
        let section = html.split("id=\"residuals\"").nth(1).unwrap().split("</section>").next().unwrap();
        assert!(!section.contains("pear") && !section.contains("car<") && !section.contains("dan"), "{section}");
        assert!(section.matches("<tr>").count() <= count + 1, "{section}");
    }
}

#[test]
fn without_the_data_all_else_is_there() {
    let desk = Desk::new();
    desk.file("x.csv", TABLE);
    desk.prints("fit x.csv --model nmf --rank 2 -n 20 -o model.safetensors", &[]);
    assert_eq!(desk.prints("report model.safetensors", &[]), "model.html\n");
    let text = page(&desk, "model.html");
    assert!(text.contains("apple") && text.contains("id=\"search\"") && text.contains("id=\"rows\""), "{text}");
    assert!(!text.contains("id=\"residuals\"") && !text.contains("id=\"reconstructions\""), "{text}");
    let printed = desk.prints("report model.safetensors -o -", &[]);
    assert_eq!(printed, text);
}

#[test]
fn names_and_looks_can_be_given() {
    let desk = Desk::new();
    desk.file("x.csv", TABLE).file("words.txt", "eins\nzwei\ndrei\nvier\n");
    desk.file("titles.csv", "id,title\napple,The apple & all\n");
    desk.prints("fit x.csv --model nmf --rank 2 -n 20 -o model.safetensors", &[]);
    let with = |more: &str| desk.prints(&format!("report model.safetensors x.csv -o - {more}"), &[]);
    assert!(with("--vocab words.txt").contains("zwei"));
    assert!(with("--row-names words.txt").contains("drei"));
    assert!(with("--titles titles.csv").contains("The apple &amp; all"));
    assert!(with("--image 2x2").contains("class=\"tile\""));
    assert!(with("--plot words").contains("class=\"words\""));
    assert!(with("--plot profile --by-rows").contains("<title>ann: "));
    // The command that runs it again names what this one names.
    desk.file("numbers.csv", "id,title\neins,one\n");
    let again = with("--col-names words.txt --titles numbers.csv");
    assert!(again.contains("--col-names words.txt --titles numbers.csv"), "{again}");
    assert!(!with("").contains("--col-names"), "the data has names of its own");
    desk.file("bare.csv", "9,4,0,0\n8,4,0,1\n0,0,5,2\n1,0,5,3\n");
    desk.prints("fit bare.csv --model nmf --rank 2 -n 20 --col-names words.txt -o named.safetensors", &[]);
    let said = desk.run("report named.safetensors bare.csv -o -", &[]);
    said.warned(Code::MatchedByPosition, "columns are matched by position");
    let again = said.out;
    assert!(again.contains("--col-names FILE") && !again.contains("--row-names"), "{again}");
}

#[test]
fn how_to_run_it_again_names_the_files_and_how_they_were_read() {
    let desk = Desk::new();
    desk.file("x.csv", TABLE).file("m.csv", "a,b,c,d\n1,1,0,1\n1,1,1,1\n0,1,1,1\n1,1,1,1\n");
    desk.file("h.csv", "1,0.5,0.2,0.1\n0.1,0.3,1,0.8\n");
    let fit = "fit x.csv --header --dtype f64 --match position --data M=m.csv --fix H=h.csv --rank 2 -n 20";
    let objective = "sum(M * (X - W @ H)**2) subject to W >= 0, H >= 0";
    desk.prints(&format!("{fit} -o m.safetensors --report r.html -q --objective"), &[objective]);
    let page = std::fs::read_to_string(desk.path("r.html")).unwrap();
    for part in [
        "let x = data::read(&quot;x.csv&quot;, &amp;data::ReadOptions {",
        "dtype: Some(eckart::Dtype::F64),",
        "header: Some(true),",
        "let fix_h = data::read(&quot;h.csv&quot;,",
        "let data_m = data::read(&quot;m.csv&quot;,",
        ".match_by(data::Matching::Position)",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    desk.prints("fit x.csv --model nmf --rank 2 -n 20 -o n.safetensors", &[]);
    let page = desk.prints("report n.safetensors x.csv --dtype f64 --index-col --match position -o -", &[]);
    for part in ["--dtype=f64 --index-col=true", "--match position", "row_names: Some(true),"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let desk = Desk::new();
    desk.file("x.csv", TABLE)
        .file("y.csv", "1,2\n3,4\n5,7\n")
        .file("three.txt", "a\nb\nc\n")
        .file("no.safetensors", "no");
    desk.prints("fit x.csv --model nmf --rank 2 -n 5 -o model.safetensors", &[]);
    desk.refuses("report model.safetensors y.csv -o r.html", &[], Code::WrongShape, &["the data is 3 x 2", "4 x 4"]);
    desk.refuses(
        "report model.safetensors --image 3x3",
        &[],
        Code::WrongCount,
        &["3 x 3 pixels has 9 numbers", "4 columns"],
    );
    desk.refuses(
        "report model.safetensors --col-names three.txt",
        &[],
        Code::NameCount,
        &["three.txt", "3 names", "4 columns"],
    );
    desk.refuses("report no.safetensors", &[], Code::NotAModel, &["no.safetensors"]);
    desk.refuses("report model.safetensors -o none/r.html", &[], Code::FileNotFound, &["folder none"]);
    desk.refuses("fit x.csv --model nmf --rank 2 --image 2x2", &[], Code::OptionMissing, &["--report FILE"]);
    desk.refuses("fit x.csv --model nmf --rank 2 --report none/r.html", &[], Code::FileNotFound, &["folder none"]);
    // Before the search: 3 x 3 pixels can't be columns of this data, however long the search would be.
    let endless = "fit x.csv --model nmf --rank 2 --tol 0 --max-iter 1000000000 --report r.html --image 3x3";
    desk.refuses(endless, &[], Code::WrongCount, &["4 columns"]);
    assert!(!desk.path("r.html").exists());
}
