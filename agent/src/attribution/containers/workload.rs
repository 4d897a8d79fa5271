//! What made a pod, by the pod's name, when that is certain.
//!
//! Kubernetes names the pods of a Deployment `NAME-HASH-RANDOM`. RANDOM is 5 of 27 characters. HASH is a number of 32 bits
//! in decimal digits, each of which `SafeEncodeString` (k8s.io/apimachinery, `util/rand`) replaces by one of 10 of those
//! characters. Names of other kinds of workload carry less: `NAME-RANDOM`, `NAME-0`. They may be anything.

/// All characters that do not look like others and make no words.
const CHARACTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
/// Those that stand for decimal digits.
const DIGITS: &[u8] = b"456789bcdf";
/// Characters of a random part.
const RANDOM: usize = 5;
/// Characters of a hash: shorter ones are one in 43,000.
const HASH: std::ops::RangeInclusive<usize> = 6..=10;

/// `Deployment/NAME`, if the pod is a Deployment's.
pub(super) fn of_pod(pod: &str) -> Option<String> {
    let (rest, random) = pod.rsplit_once('-')?;
    let (name, hash) = rest.rsplit_once('-')?;
    let made_of = |text: &str, characters: &[u8]| text.bytes().all(|byte| characters.contains(&byte));
    let is_ones = !name.is_empty()
        && random.len() == RANDOM
        && made_of(random, CHARACTERS)
        && HASH.contains(&hash.len())
        && made_of(hash, DIGITS);
    is_ones.then(|| format!("Deployment/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployments_are_known_by_their_alphabets() {
        for (pod, workload) in [
            ("coredns-5d78c9869d-x2k7l", Some("Deployment/coredns")),
            ("my-web-app-7c5ddbdf54-zq9fm", Some("Deployment/my-web-app")),
            // A DaemonSet, a StatefulSet, a Job, a static pod.
            ("kube-proxy-x2k7l", None),
            ("postgres-0", None),
            ("backup-28391040-x2k7l", None),
            ("kube-apiserver-node-1", None),
            // A vowel, a digit that is never used, a hash that is too short, nothing before it.
            ("web-5d78c9869d-x2k7a", None),
            ("web-5d78c9860d-x2k7l", None),
            ("web-5d78-x2k7l", None),
            ("-5d78c9869d-x2k7l", None),
            ("5d78c9869d-x2k7l", None),
        ] {
            assert_eq!(of_pod(pod).as_deref(), workload, "{pod}");
        }
    }
}
