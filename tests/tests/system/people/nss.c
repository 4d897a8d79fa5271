/* A name service module (nsswitch.conf(5)) in the place of a directory server's: it knows one user, and for another
   it hangs, as one does whose server is away. */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KNOWN = 70001, HANGS = 70002, HANGS_SECONDS = 600 };

enum nss_status _nss_umbra_getpwuid_r(uid_t uid, struct passwd *user, char *buffer, size_t length, int *error)
{
    if (uid == HANGS)
        sleep(HANGS_SECONDS);
    if (uid != KNOWN) {
        *error = ENOENT;
        return NSS_STATUS_NOTFOUND;
    }
    if (snprintf(buffer, length, "ann.of.the.directory") >= (int)length) {
        *error = ERANGE;
        return NSS_STATUS_TRYAGAIN;
    }
    char *empty = buffer + strlen(buffer);
    *user = (struct passwd){
        .pw_name = buffer, .pw_passwd = empty, .pw_uid = KNOWN, .pw_gid = KNOWN,
        .pw_gecos = empty, .pw_dir = empty, .pw_shell = empty,
    };
    return NSS_STATUS_SUCCESS;
}
