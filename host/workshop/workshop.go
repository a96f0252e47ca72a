// Package workshop is the plugin author's bench: it makes a plugin's folder, builds it, and tries it on the host that runs it in production.
//
// Plane: control. Floor: 3. Journey of an edit: before step 1, on the author's machine.
// README.md says what a scaffold is, what build.json holds, and how golden decisions are written.
package workshop
