// Package deploy holds what runs Bragg beyond `bragg up`: the images of
// deploy/docker, which docker-compose.yml starts. The package has only tests.
//
// They hold the files together where no engine would notice before it is too
// late: a port that nobody listens on, a variable that .env.example does not
// explain, a file that the build does not see. The last of them rehearses the
// compose file: it starts every service's command and environment as processes
// of this machine and sends requests through them.
package deploy
