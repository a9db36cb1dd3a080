//! A disk that loses power, tears writes, fills up, fails and lies, for tests of what is stored on it.
