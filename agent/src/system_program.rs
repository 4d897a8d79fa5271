//! Programs that are trusted by their file's name, because a privileged part of the system is called so.

/// Where the system's programs lie: what a user calls by such a name at home is none.
const FOLDERS: [&str; 5] = ["/usr/", "/lib/", "/sbin/", "/bin/", "/nix/store/"];

/// Whether `executable` is a program of the system with one of `names`.
pub(crate) fn is_one_of(executable: &str, names: &[&str]) -> bool {
    let name = executable.rsplit('/').next().unwrap_or(executable);
    names.contains(&name) && FOLDERS.iter().any(|folder| executable.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::is_one_of;

    #[test]
    fn a_users_own_program_is_none_of_the_systems() {
        let names = ["dnsmasq", "pasta"];
        for (executable, expected) in [
            ("/usr/sbin/dnsmasq", true),
            ("/nix/store/abc-passt/bin/pasta", true),
            ("/home/ann/dnsmasq", false),
            ("/usr/sbin/dnsmasq-2", false),
            ("dnsmasq", false),
        ] {
            assert_eq!(is_one_of(executable, &names), expected, "{executable}");
        }
    }
}
