//! What can be wrong with a weight file of another program.

/// What is wrong with a weight file of another program. Offsets count bytes from the start of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignFault {
    /// Something ends before it should.
    #[error("truncated: at byte {offset} expected {expected}, but what holds it ends at byte {end}")]
    Truncated {
        /// Where it starts.
        offset: usize,
        /// Where the file, or the part of it that should hold it, ends.
        end: usize,
        /// What it is.
        expected: String,
    },
    /// Something is not what its place demands.
    #[error("at byte {offset} found {found}, expected {expected}")]
    Unexpected {
        /// Where it stands.
        offset: usize,
        /// What is there.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// A pickle names a Python object that tensors are not made of.
    #[error(
        "at byte {offset} its pickle asks for {name}, which is refused: only tensors are read, and nothing \
         in the file was executed; expected what torch.save(model.state_dict(), …) writes"
    )]
    Global {
        /// Where it is named.
        offset: usize,
        /// Its module and name, such as `os.system`.
        name: String,
    },
    /// The file demands more than any network of this kind needs.
    #[error("{what} {found}, expected at most {most}")]
    TooMuch {
        /// What is counted, with a verb.
        what: &'static str,
        /// How much there is.
        found: u64,
        /// How much is accepted.
        most: u64,
    },
    /// The file is sound as far as one can tell, but of a kind that is not read.
    #[error("{found} is not supported: expected {expected}")]
    Unsupported {
        /// What it has.
        found: String,
        /// What is read instead.
        expected: &'static str,
    },
    /// Two tensors have one place.
    #[error("tensor {tensor} is there twice")]
    Twice {
        /// The name that they share.
        tensor: String,
    },
    /// The HDF5 library refuses an object.
    #[error("{object} cannot be read: {reason}")]
    Hdf5 {
        /// Path of the object within the file.
        object: String,
        /// What the library says.
        reason: String,
    },
}
