//! Words: the examples that `--help` ends with.
//! In: nothing.  Out: text.
//! Invariant: every example runs as it stands in a checkout of the repository.
//! Not here: the options (see `args`).

pub(crate) const OVERVIEW: &str = "\
Examples:
  eckart models
      the named objectives, each a line of text
  eckart fit examples/data/digits/images.npy --model nmf --rank 16
      factorize pictures of digits into 16 parts
  eckart explain --shape 1000000x50000:20000000 --model mf --rank 64
      what would be computed, and how much memory it takes

`eckart fit --help` shows how an objective is written.";

pub(crate) const FIT_EXAMPLES: &str = "\
Examples:
  eckart fit examples/data/digits/images.npy --model nmf --rank 16 -o digits.safetensors
  eckart fit examples/data/digits/images.npy --rank 16 --restarts 3 \\
      --objective \"sum((X - W @ H)**2) + a*sum(abs(W)) subject to rownorm(H) <= 1\" --set a=2
  eckart fit examples/data/sotu/counts.mtx.gz --cols examples/data/sotu/vocab.txt \\
      --model nmf --rank 10 --report sotu.html

`--help` says more: how an objective is written, and what ends a search.";

pub(crate) const FIT_LONG: &str = "\
Examples:
  Factorize pictures of digits into 16 non-negative parts, and keep them:
    eckart fit examples/data/digits/images.npy --model nmf --rank 16 -o digits.safetensors

  Your own objective, with a number set beside it, from three starts:
    eckart fit examples/data/digits/images.npy --rank 16 --restarts 3 \\
        --objective \"sum((X - W @ H)**2) + a*sum(abs(W)) subject to rownorm(H) <= 1\" --set a=2

  Topics of texts; the vocabulary names the columns, so each topic is shown by its words:
    eckart fit examples/data/sotu/counts.mtx.gz --cols examples/data/sotu/vocab.txt \\
        --model nmf --rank 10

  A page about the result, with parts and pictures to look at:
    eckart fit examples/data/digits/images.npy --model nmf --rank 16 --report digits.html --image 8x8

  At most a minute, the result for a machine:
    eckart fit examples/data/digits/images.npy --model mf --rank 16 --time-limit 60 --json

Objectives:
  X is the data. A name that is given neither a number (--set) nor a file (--data) is a factor, whose shape follows
  from X and the rank; where it can't, declare it: \"over W[n,r], H[r,m], b[n,1]: ...\".
    @ product    * / ** entrywise    .T transpose    sum rowsum colsum rownorm colnorm norm mean trace
    abs exp log sqrt sigmoid softplus tanh huber(z, d) kl(X, S) max min clip    observed(X) 1 where X has an entry
  An entry that a sparse X does not store is zero. To leave it out of the cost instead, multiply by observed(X).
  After `subject to`: W >= 0, W <= 1, rownorm(H) <= 1, colnorm(W) <= 1.

What ends a search:
  --tol, --max-iter, --target, --time-limit or Ctrl-C. In every case the best factors so far are printed and saved, and
  the reason is said. A second Ctrl-C ends at once and saves nothing.

Exit codes: 0 done, 2 something given can't be used, 1 a defect of Eckart, 3 the cost became infinite or
undefined (the best factors before that are the result), 130 ended by a second Ctrl-C. Errors and warnings have codes,
error[CODE]: ..., which `eckart codes CODE` explains; with --json an error is an object on standard output as well.";

pub(crate) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  eckart explain examples/data/digits/images.npy --model sparse-coding --rank 16
  eckart explain --shape 1000000x50000:20000000 --model mf --rank 64
  eckart explain --shape 2000x300 --rank 5 --objective \"sum(huber(X - W @ H, 1))\"
  eckart explain --shape 2000x300 --rank 5 --model nmf --svg plan.svg
      the plan as a picture; --dot plan.dot for Graphviz";

pub(crate) const REPORT_EXAMPLES: &str = "\
Examples:
  eckart fit examples/data/digits/images.npy --model nmf --rank 16 -o digits.safetensors
  eckart report digits.safetensors examples/data/digits/images.npy --image 8x8 -o digits.html
  eckart report digits.safetensors --image 8x8
      without the data: no reconstructions, all else
  eckart fit examples/data/digits/images.npy --model nmf --rank 16 --report digits.html --image 8x8
      both in one go";

pub(crate) const SHOW_EXAMPLES: &str = "\
Examples:
  eckart fit examples/data/digits/images.npy --model nmf --rank 16 -o digits.safetensors
  eckart show digits.safetensors
      the objective, the settings, the factors and what their sides stand for, the starts
  eckart show digits.safetensors --json
      the same for machines";

pub(crate) const CODES_EXAMPLES: &str = "\
Examples:
  eckart codes
  eckart codes names-differ
      what it means, and what to do about it";

pub(crate) const MODELS_EXAMPLES: &str = "\
Examples:
  eckart models
  eckart models sparse-coding

A model is a line of text and nothing else: copy it into --objective and change it.";

pub(crate) const TRANSFORM_EXAMPLES: &str = "\
Examples (the model: eckart fit examples/data/digits/images.npy --model nmf --rank 16 -o digits.safetensors):
  eckart transform digits.safetensors examples/data/digits/images.npy -o new.npy
      the rows of W for pictures, H held as it is

A row gets the same numbers alone or among others. Columns are matched by name where model and data have names.";

pub(crate) const RECOMMEND_EXAMPLES: &str = "\
Examples (the model: eckart fit ratings.csv --model ratings --rank 2 -o ratings.safetensors):
  eckart recommend ratings.safetensors --user ann --top 5 --data ratings.csv --explain
  eckart recommend ratings.safetensors --all --data ratings.csv -o lists.csv

The file ratings.csv has a header such as user,item,rating. Of equal predictions the earlier column comes first.";

pub(crate) const SIMILAR_EXAMPLES: &str = "\
Examples (the model: eckart fit examples/data/sotu/counts.mtx.gz --cols examples/data/sotu/vocab.txt
  --model nmf --rank 10 -o sotu.safetensors):
  eckart similar sotu.safetensors --item treaty
  eckart similar sotu.safetensors --all --top 3 -o words.csv

Likeness is the cosine of factors, from -1 to 1; offsets don't count.";

pub(crate) const EVALUATE_EXAMPLES: &str = "\
Examples:
  eckart evaluate --split 0.1 ratings.csv --model ratings --rank 10
      hold out a tenth of the ratings, fit the rest, test on the tenth
  eckart evaluate ratings.safetensors test.csv --known ratings.csv --top 20 --relevant 4

Held-out entries are chosen by a hash of row, column and --seed.";
