//! Texts beside the model that are written in Markdown.

use maud::{PreEscaped, html};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::page::page;
use super::{Book, BookFile};

/// A page from Markdown. Raw HTML in it is shown as text.
pub(super) fn markdown_page(book: &Book<'_>, text: &str, name: &str, title: &str) -> BookFile {
    let mut has_heading = false;
    let events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES)
        .map(|event| {
            has_heading |=
                matches!(&event, Event::Start(Tag::Heading { level, .. }) if *level as usize == 1);
            match event {
                Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
                // The block around raw HTML has no tag of its own.
                Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
                Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
                other => other,
            }
        })
        .collect();
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events.into_iter());
    let body = html! {
        @if !has_heading { h1 { (title) } }
        div class="prose wide" { (PreEscaped(out)) }
    };
    page(book, name, title, &body)
}
