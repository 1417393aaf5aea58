//! What is written on a card: its texts with their media, and its tags.

use super::super::own::{taken_tags, texts_of};
use super::Pass;
use crate::content::CardTexts;
use crate::jobs::error::JobError;
use anki::{CardRow, MediaKind, Rendered, Side};
use domain::ids::DeckId;

impl Pass<'_> {
    /// The place and the address of a media file; `None` if the package does not have it.
    pub(super) fn named(&self, deck: DeckId, name: &str) -> Result<Option<(usize, String)>, JobError> {
        let mut media = self.media.borrow_mut();
        let Some(nth) = media.place(name) else { return Ok(None) };
        media.file(self.task, nth)?;
        Ok(media.address(deck, nth).map(|address| (nth, address)))
    }

    /// The texts of a card: sounds as players, a covered picture as the picture of its covers.
    pub(super) fn texts(
        &self,
        deck: DeckId,
        rendered: &Rendered,
        is_own: bool,
        used: &mut Vec<usize>,
    ) -> Result<CardTexts, JobError> {
        let mut texts = texts_of(rendered, is_own);
        let (front, back) = (&mut texts.front, &mut texts.back);
        if let Some(occlusion) = &rendered.occlusion
            && let Some(name) = &occlusion.picture
            && let Some((nth, open)) = self.named(deck, name)?
        {
            let mask = self.media.borrow_mut().mask(self.task, nth, occlusion)?;
            let covered = mask.and_then(|mask| {
                used.push(mask);
                self.media.borrow().address(deck, mask)
            });
            // What cannot be covered is not shown before the answer.
            *front = front.replace(&open, covered.as_deref().unwrap_or_default());
        }
        for sound in rendered.media.iter().filter(|media| media.kind == MediaKind::Sound) {
            let Some((nth, address)) = self.named(deck, &sound.name)? else { continue };
            used.push(nth);
            let look = self.media.borrow_mut().file(self.task, nth)?;
            let side = match sound.side {
                Side::Front => &mut *front,
                Side::Back => &mut *back,
            };
            side.push_str(&crate::media::player(&address, look.map_or("", |known| known.look.kind)));
        }
        Ok(texts)
    }

    pub(super) fn tags(&mut self, row: &CardRow<'_>) -> Vec<String> {
        let (tags, left_out) = taken_tags(row.note.each_tag());
        self.tags_left_out += left_out;
        tags
    }
}
