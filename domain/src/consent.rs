//! How a client consents.

crate::words! {
    /// How a consent was given (§ 67b(2) SGB X: written or electronic; for health data always).
    pub enum ConsentForm("Form einer Einwilligung") {
        Written = "WRITTEN": "schriftlich",
        Electronic = "ELECTRONIC": "elektronisch",
        /// With the reason why it could not be written.
        Oral = "ORAL": "mündlich",
    }
}
