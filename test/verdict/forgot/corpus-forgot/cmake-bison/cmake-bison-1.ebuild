EAPI=8

DESCRIPTION="find_package(BISON REQUIRED)"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake app-alternatives/ninja"

src_configure() {
	cat > CMakeLists.txt <<-'END' || die
		cmake_minimum_required(VERSION 3.20)
		project(u C)
		find_package(BISON 3 REQUIRED)
		bison_target(parser u.y ${CMAKE_BINARY_DIR}/parser.c)
		add_executable(u ${BISON_parser_OUTPUTS})
		install(TARGETS u)
	END
	printf '%%{\nint yylex(void) { return 0; }\nvoid yyerror(const char *s) { (void)s; }\n%%}\n%%%%\nx: ;\n%%%%\nint main(void) { return yyparse(); }\n' > u.y || die
	cmake -G Ninja -DCMAKE_INSTALL_PREFIX=/usr . || die "cmake failed"
}

src_compile() {
	ninja || die
}

src_install() {
	DESTDIR=${D} ninja install || die
}
