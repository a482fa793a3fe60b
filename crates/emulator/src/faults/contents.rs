//! Contents that come otherwise than they are stored, and answers to uploads that are not true.

use std::collections::VecDeque;

use super::switches::Faults;
use crate::sync::lock;

/// How the contents of a download come, where not as they should.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Distortion {
    /// All of it, as if a part had been asked for: with 206 and its range.
    UnaskedPart,
    /// Under this status: 202 or 203 with the contents, 204 without.
    Status(u16),
    /// Without a length, as HTTP/1.0 has it: the connection closes after this many bytes.
    WithoutEnd {
        /// How many bytes are sent at most.
        after: u64,
    },
    /// Without a length, and with a proper end after this many bytes.
    ShortEnd {
        /// How many bytes are sent at most.
        after: u64,
    },
    /// Without all that tells one version from another: tag, generation, time, checksums, and
    /// without a length.
    Unmarked,
    /// With the last byte changed on its way.
    Spoiled,
    /// Where a range of it is asked for, with as many bytes from its beginning, described as if they were
    /// those of the range. What asks for the whole does not meet it.
    OtherRange,
    /// As they were before they were replaced at equal size, broken off after this many bytes and in
    /// any case before their end: under another tag and generation, and with other digits.
    Earlier {
        /// How many bytes are sent at most.
        after: u64,
    },
}

/// What the answer to an upload says that is not true of the file. The file itself is as it was
/// sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadLie {
    /// Another size.
    Size(u64),
    /// The hash of other contents.
    Hash,
    /// Another name, such as `files/other`.
    Name(String),
    /// That the service cannot use it, for this reason.
    Failed(String),
}

/// The switches of contents.
#[derive(Debug, Default)]
pub(super) struct ContentFaults {
    downloads: VecDeque<Distortion>,
    objects: VecDeque<Distortion>,
    uploads: VecDeque<UploadLie>,
    object_lies: usize,
}

impl Faults {
    /// Distorts the next download of a file. A cut that is lined up for it happens, too.
    pub fn distort_next_download(&self, how: Distortion) {
        lock(&self.inner).contents.downloads.push_back(how);
    }

    /// Distorts the next download of an object. A cut that is lined up for it happens, too.
    pub fn distort_next_object(&self, how: Distortion) {
        lock(&self.inner).contents.objects.push_back(how);
    }

    /// Lets the answer to the next upload of a file say something else than what came.
    pub fn lie_about_next_upload(&self, lie: UploadLie) {
        lock(&self.inner).contents.uploads.push_back(lie);
    }

    /// Lets the answer to the next object that is written name the checksum of another.
    pub fn lie_about_next_object(&self) {
        lock(&self.inner).contents.object_lies += 1;
    }

    /// How many of these distortions and lies have not happened yet.
    pub fn distortions_left(&self) -> usize {
        let contents = &lock(&self.inner).contents;
        let distortions = contents.downloads.len() + contents.objects.len();
        distortions + contents.uploads.len() + contents.object_lies
    }

    pub(crate) fn take_download_distortion(&self, is_range: bool) -> Option<Distortion> {
        take_due(&mut lock(&self.inner).contents.downloads, is_range)
    }

    pub(crate) fn take_object_distortion(&self, is_range: bool) -> Option<Distortion> {
        take_due(&mut lock(&self.inner).contents.objects, is_range)
    }

    pub(crate) fn take_upload_lie(&self) -> Option<UploadLie> {
        lock(&self.inner).contents.uploads.pop_front()
    }

    pub(crate) fn take_object_lie(&self) -> bool {
        let lies = &mut lock(&self.inner).contents.object_lies;
        let is_due = *lies > 0;
        *lies = lies.saturating_sub(1);
        is_due
    }
}

/// The next of those that can happen to a response.
fn take_due(lined_up: &mut VecDeque<Distortion>, is_range: bool) -> Option<Distortion> {
    let can_happen = |how: &Distortion| is_range || *how != Distortion::OtherRange;
    let place = lined_up.iter().position(can_happen)?;
    lined_up.remove(place)
}
